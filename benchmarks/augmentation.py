"""Does augmenting the sound beat augmenting the picture?

One network (`cnn`), the published folds, several seeds, and the same number of epochs and steps for all. What a network
sees in the first half is a picture of the clip, as `earmark features --format pictures --picture mel` draws it; in the
second a log-mel spectrogram. Within a half nothing differs but how the training part is changed:

    picture               nothing is changed
    picture-picture       brightness, contrast, noise in every pixel and left-right flip, anew in each batch
    picture-sound         pictures of changed sounds (speed, time shift, gain, noise): in each epoch, as chance will
                          have it, that of the clip itself or of one of its changed versions
    picture-both          both
    mel                   nothing is changed
    mel-masks             stretches of time and ranges of bands are taken away, anew in each batch
    mel-sound             changed sounds, as above
    mel-both              both

The step size falls along half a cosine to the last epoch, whose weights are kept: nobody stops early. Changed versions
of sounds in the first half are the same for all seeds; all else is drawn anew. Nothing is chosen on the test folds.

    python benchmarks/augmentation.py ../shared/data/esc10 -o runs/augmentation
    python benchmarks/augmentation.py ../shared/data/esc10 -o runs/look --seeds 0 --epochs 2 --fold 5

Give the same command again to go on with what was cut off.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from comparison import (
    Candidate,
    Fold,
    add_options,
    compared,
    config_of,
    cross_validate_all,
    load_fold,
    report_folds,
    save_fold,
    show,
)

import earmark
from earmark._util.allocator import keep_freed_memory
from earmark._util.files import text_key, write_whole
from earmark._util.seeds import spawn_generator
from earmark.audio.read import read_sound
from earmark.augment.chain import Chain, parse_steps
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, distinct_folds
from earmark.experiment.config import RunConfig
from earmark.experiment.fitting import fit_classifier
from earmark.experiment.prepare import Prepared, split_by_config
from earmark.experiment.scoring import score_clips
from earmark.experiment.tables import SUMMARY
from earmark.features.drawing import PICTURES
from earmark.features.extract import Recipe
from earmark.features.picture import Picture, PictureSettings

PICTURE_STEPS = ("brightness", "contrast", "picture-noise", "flip")
SOUND_STEPS = ("speed", "time-shift", "gain", "noise")
MASKS = ("frequency-mask", "time-mask")
PICTURE_ARMS: dict[str, tuple[str, ...]] = {
    "picture": (),
    "picture-picture": PICTURE_STEPS,
    "picture-sound": SOUND_STEPS,
    "picture-both": (*SOUND_STEPS, *PICTURE_STEPS),
}
MEL_ARMS: dict[str, tuple[str, ...]] = {
    "mel": (),
    "mel-masks": MASKS,
    "mel-sound": SOUND_STEPS,
    "mel-both": (*SOUND_STEPS, *MASKS),
}
PAIRS = (  # the question itself comes first
    ("picture-sound", "picture-picture"),
    ("picture-picture", "picture"),
    ("picture-sound", "picture"),
    ("picture-both", "picture-sound"),
    ("mel-sound", "mel-masks"),
    ("mel-masks", "mel"),
    ("mel-sound", "mel"),
    ("mel-both", "mel-sound"),
)
TRAIN = {"schedule": "cosine", "warmup_epochs": 1, "keep": "last", "learning_rate": 2e-3, "weight_decay": 0.01}
SAMPLE_RATE = 22_050  # at which earmark draws
REDUCE = 5  # 300 x 600 pixels to 60 x 120
HOP_SAMPLES = 1024  # 108 frames in five seconds: about the columns of a picture
SEGMENT_S = 5.0  # a picture shows a whole clip, so a spectrogram does

FloatArray = npt.NDArray[np.float32]


def main() -> None:
    """Run all arms, compare, and print."""
    options = parse_options()
    keep_freed_memory()
    arms = {name: steps for name, steps in (PICTURE_ARMS | MEL_ARMS).items() if name in options.arm}
    pictures = {name: steps for name, steps in arms.items() if name in PICTURE_ARMS}
    found = run_pictures(pictures, options) if pictures else []
    tables = {name: tables_of(steps, options) for name, steps in arms.items() if name in MEL_ARMS}
    found += cross_validate_all(tables, options, epochs=options.epochs)
    by_name = {candidate.name: candidate for candidate in found}
    pairs = [(by_name[one], by_name[other]) for one, other in PAIRS if {one, other} <= by_name.keys()]
    show(found, compared(pairs), as_json=options.json)


def parse_options() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--epochs", type=int, default=15, help="all of them are trained")
    parser.add_argument("--copies", type=int, default=4, help="changed versions of each sound")
    names = [*PICTURE_ARMS, *MEL_ARMS]
    parser.add_argument("--arm", nargs="+", choices=names, default=names, metavar="NAME", help="only these")
    return parser.parse_args()


def tables_of(steps: Sequence[str], options: argparse.Namespace) -> dict[str, Any]:
    """Return the configuration of an arm on spectrograms."""
    return {
        "network": {"name": "cnn"},
        "front_end": {"name": "log-mel", "hop_samples": HOP_SAMPLES},
        "segments": {"segment_s": SEGMENT_S},
        "augment": {"steps": list(steps), "n_copies": options.copies},
        "train": TRAIN,
    }


# ---------------------------------------------------------------- pictures


def run_pictures(arms: dict[str, tuple[str, ...]], options: argparse.Namespace) -> list[Candidate]:
    """Run the arms on pictures, or take what is there already."""
    dataset = earmark.open_dataset(options.data, group_column=options.group_column)
    folds = distinct_folds(dataset)
    wanted = [fold for fold in folds if options.folds is None or fold in options.folds]
    if not wanted:
        raise SystemExit(f"there is no such fold: the data set has {', '.join(map(str, folds)) or 'none of its own'}")
    n_copies = options.copies if any(set(steps) & set(SOUND_STEPS) for steps in arms.values()) else 0
    versions = [draw(dataset, number, options.out / "drawn") for number in range(n_copies + 1)]
    found: dict[str, list[Fold]] = {name: [] for name in arms}
    for seed in options.seeds:
        for name, steps in arms.items():
            began = time.monotonic()
            tables = {**tables_of(steps, options), "front_end": {"name": "picture", "reduce": REDUCE}, "segments": {}}
            results = []
            for fold in wanted:
                config = config_of({**tables, "split": {"test_fold": fold}}, options, seed, epochs=options.epochs)
                path = options.out / name / f"seed-{seed}" / f"fold-{fold}.json"
                result = load_fold(path, config.to_dict())
                if result is None:
                    result = run_fold(config, dataset, versions, fold)
                    save_fold(path, result, config.to_dict())
                results.append(result)
            found[name] += results
            report_folds(f"seed {seed}, {name}", results, began)
    return [Candidate(name=name, folds=tuple(folds)) for name, folds in found.items()]


def run_fold(config: RunConfig, dataset: Dataset, versions: Sequence[FloatArray], fold: int) -> Fold:
    """Train on the pictures of all folds but one, and score on that.

    Changed pictures of sounds are no features of a data set that `earmark crossval` takes: a fold is put together here
    of the same parts as there.
    """
    began = time.monotonic()
    split = split_by_config(dataset, config)
    steps = tuple(parse_steps(config.augment.steps or ()))
    originals = [picture[None] for picture in versions[0].astype(np.float32)]  # of each clip (1, 4, n_rows, n_columns)
    changed = versions[1:] if Chain(steps).only("waveform").steps else ()
    prepared = Prepared(
        dataset=dataset,
        split=split,
        recipe=Recipe(front_end="picture", settings=config.front_end.settings),
        features=originals,
        baseline_recipe=SUMMARY,
        baseline=(),
        contents=tuple(clip.name for clip in dataset),
        bad=(),
        steps=steps,
        versions=tuple(list(version[list(split.train)].astype(np.float32)[:, None]) for version in changed),
    )
    fitted = fit_classifier(config, prepared, device=torch.device("cpu"))
    training_s = time.monotonic() - began
    scored = score_clips(fitted.graph, dataset, originals, split.test, seed=config.seed)
    answers = scored.clip_probabilities.argmax(axis=1)
    tested = [dataset[index] for index in split.test]
    return Fold(
        seed=config.seed,
        fold=fold,
        clips=tuple((clip.name, clip.label, clip.group) for clip in tested),
        right=tuple(clip.label == dataset.labels[answer] for clip, answer in zip(tested, answers, strict=True)),
        n_segments=scored.scorecard.segment.n,
        segment_accuracy=scored.scorecard.segment.accuracy.value,
        vote_accuracy=scored.scorecard.clip.vote_accuracy.value,
        loss=fitted.history[-1].validation_loss,
        n_weights=sum(weight.numel() for weight in fitted.graph.network.parameters()),
        training_s=training_s,
    )


def draw(dataset: Dataset, number: int, folder: Path) -> npt.NDArray[np.float16]:
    """Return a picture of each clip (n_clips, 4, n_rows, n_columns): of itself, or of a changed version of it.

    Args:
        dataset: The sounds.
        number: Which version; 0 for the sounds as they are.
        folder: Where drawn pictures are kept.
    """
    key = text_key(repr((SOUND_STEPS, REDUCE, number, [(clip.name, clip.start_s, clip.end_s) for clip in dataset])))
    path = folder / f"{key}.npy"
    if not path.exists():
        pictures = np.stack([draw_clip(clip, number) for clip in dataset])
        folder.mkdir(parents=True, exist_ok=True)
        with write_whole(path) as part, part.open("wb") as stream:
            np.save(stream, pictures)
    drawn: npt.NDArray[np.float16] = np.load(path)
    return drawn


def draw_clip(clip: Clip, number: int) -> npt.NDArray[np.float16]:
    """Return the picture (4, n_rows, n_columns) of one clip, as small as the network gets it."""
    waveform, sample_rate = read_sound(
        clip.path, sample_rate=SAMPLE_RATE, start_s=clip.start_s, duration_s=clip.duration_s
    )
    if number:
        chain = Chain(parse_steps(SOUND_STEPS)).at_rate(sample_rate)
        waveform = chain.apply(waveform[None], spawn_generator(0, "version", clip.name, number))[0]
    picture = torch.from_numpy(PICTURES["mel"].draw(waveform, sample_rate))
    return Picture(PictureSettings(reduce=REDUCE))(picture[None])[0].numpy().astype(np.float16)


if __name__ == "__main__":
    main()
