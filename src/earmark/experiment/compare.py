"""Several classifiers on the same folds: is the best significantly better than the simplest?"""

import csv
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tomli_w

from earmark._util.files import write_json, write_text
from earmark._util.progress import NoProgress, Progress
from earmark.errors import DataError, SettingError, StorageError, TrainingError
from earmark.evaluate.paired import PairedAccuracy, holm, paired_accuracy
from earmark.experiment.comparison import Candidate, Comparison, write_comparison_table
from earmark.experiment.config import AugmentConfig, RunConfig, describe_differences, make_config
from earmark.experiment.crossval import (
    CrossValidation,
    Titled,
    cross_validate,
    read_cross_validation,
    refuse_other_clips,
    refuse_other_settings,
)
from earmark.experiment.fitting import refuse_misfit
from earmark.experiment.folder import RunFolder
from earmark.experiment.networks import require_network, standing_in
from earmark.experiment.prepare import prepare
from earmark.experiment.run import can_be_kept
from earmark.experiment.settling import Settled, clips_key, settle_folds, settle_segments
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.store import FeatureStore
from earmark.inference.bundle import load_bundle
from earmark.models.catalogue import NETWORKS
from earmark.models.own import OwnNetwork, network_kind, network_title, remark

_ASKED, _JSON, _CSV = "comparison.toml", "comparison.json", "comparison.csv"
PICTURE = "comparison.png"
_FILES = (_JSON, _CSV, PICTURE, "report.html", _ASKED)  # what says that the folder is ours goes last
_FEWEST = 2


def pair_up(networks: Sequence[str], front_ends: Sequence[str] = ()) -> dict[str, tuple[str, str | None]]:
    """Return the candidates that are asked for: each network with each front end, or with its own.

    Args:
        networks: Names of networks.
        front_ends: Names of front ends; none for each network's own.

    Returns:
        For the name of each candidate its network and its front end, None for its own.

    Raises:
        SettingError: A name is unknown (the nearest is offered) or there twice, or there are fewer than two candidates.

    >>> pair_up(["svm", "cnn"], ["mfcc"])
    {'svm-mfcc': ('svm', 'mfcc'), 'cnn-mfcc': ('cnn', 'mfcc')}
    """
    for kind, names, known in (("network", networks, NETWORKS), ("front end", front_ends, FRONT_ENDS)):
        for place, name in enumerate(names):
            known[name]  # answers an unknown one with the nearest
            if name in names[:place]:
                raise SettingError(f"the {kind} {name!r} is named twice: name it once")
    pairs = {
        network if front_end is None else f"{network}-{front_end}": (network, front_end)
        for network, front_end in product(networks, front_ends or (None,))
    }
    if len(pairs) < _FEWEST:
        named = f"{next(iter(pairs))} alone" if pairs else "nothing"
        raise SettingError(
            f"a comparison needs two candidates at least, and {named} is named: give --network a,b or --features x,y"
        )
    return pairs


def compare(
    configs: Mapping[str, RunConfig],
    folder: str | Path,
    *,
    store: FeatureStore,
    n_folds: int | None = None,
    overwrite: bool = False,
    resume: bool = False,
    strict: bool = False,
    progress: Progress | None = None,
) -> Comparison:
    """Cross-validate each candidate on the same folds, and compare them on the same clips.

    Before anything is trained, the features of all candidates are computed and each network is tried out. A candidate
    that does not learn in batches learns without the steps that change them, if another can learn with its own.

    Args:
        configs: The configuration of each candidate by its name, two at least, all of the same data and seed. Their
            networks may be the user's own; then all of them are given again to go on with `resume`.
        folder: New, empty, or with `overwrite` or `resume` that of another comparison. Each candidate is
            cross-validated in a folder of its name inside.
        store: Where features are kept from candidate to candidate.
        n_folds: How many folds to compute where the data set has none; None for five, or those it was begun with.
        overwrite: Whether a comparison that is there is replaced.
        resume: Whether one that is there is finished; candidates that are new may join it.
        strict: Whether one bad file stops everything.
        progress: What is told while it goes on.

    Returns:
        The comparison, which is in ``comparison.json`` and ``comparison.csv`` too.

    Raises:
        SettingError: There are fewer than two candidates, they are of other data, or one cannot be: its network does
            not fit its features, or is the user's own and was left in a file.
        StorageError: The folder holds something else, or cannot be written.
        DataError: The data set cannot be used or has changed meanwhile, or `strict` and a file is bad.
        SplitError: The folds cannot be made.
        TrainingError: A training cannot go on, or was begun with other settings or other sounds.
    """
    progress = progress or NoProgress()
    folder = Path(folder)
    if len(configs) < _FEWEST:
        raise SettingError(f"a comparison needs two candidates at least, not {len(configs)}")
    odd = [name for name in configs if name in {"", "..", *_FILES} or Path(name).name != name]
    if odd:
        raise SettingError(f"a candidate's name names its folder, and {odd[0]!r} cannot")
    if len({(config.data, config.seed) for config in configs.values()}) > 1:
        raise SettingError("candidates are compared on the same data with the same seed, and these differ in it")
    for config in configs.values():
        require_network(config)
    configs, unchanged = _without_steps(configs)
    _claim(folder, set(configs), overwrite=overwrite, resume=resume)
    if resume and n_folds is None and (folder / _ASKED).exists():
        n_folds = read_asked(folder)[1]
    settled = {
        name: settle_folds(config, n_folds, store=store, strict=strict, progress=progress)
        for name, config in configs.items()
    }
    asked = {name: replace(one.config, split=configs[name].split) for name, one in settled.items()}
    if resume:
        _refuse_others(folder, asked, settled)
    _try_out(settled, store=store, strict=strict, progress=progress)
    if overwrite:
        _clear(folder)
    _save_asked(folder, asked, n_folds)
    results = []
    for number, (name, config) in enumerate(configs.items(), 1):
        run = RunFolder(folder / name)
        if run.is_run and run.is_finished:
            results.append(read_cross_validation(run.path))
            continue
        told = Titled(progress, f"{name} ({number} of {len(configs)})")
        results.append(
            cross_validate(
                config, run.path, store=store, n_folds=n_folds, resume=run.is_run, strict=strict, progress=told
            )
        )
    comparison = _compare(folder, results, configs)
    comparison = replace(comparison, notes=(*unchanged, *comparison.notes))
    write_comparison_table(folder / _CSV, comparison)
    write_json(folder / _JSON, comparison.to_json())
    return comparison


def compare_predictions(first: str | Path, second: str | Path, *, seed: int = 0) -> PairedAccuracy:
    """Compare two finished runs, or two finished cross-validations, that were tested on the same clips.

    Args:
        first: The folder of one.
        second: The folder of the other.
        seed: The root seed: draws the groups.

    Raises:
        StorageError: A folder holds no finished run.
        DataError: They were tested on other clips, or on other groups of them.
    """
    one, other = (_read_tested(RunFolder(Path(folder))) for folder in (first, second))
    _refuse_other_clips(one, other, Path(first), Path(second))
    return paired_accuracy(one.right, other.right, [group for *_, group in one.clips], seed=seed)


def read_asked(folder: str | Path) -> tuple[dict[str, RunConfig], int | None]:
    """Return the candidates of a comparison that was begun, and how many folds were asked for.

    Args:
        folder: That of the comparison.

    Raises:
        StorageError: There is none, or the file that says what was asked for is damaged.
        SettingError: It is of another version.
    """
    path = Path(folder) / _ASKED
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        tables, n_folds = content["candidates"], content.get("n_folds")
    except FileNotFoundError as error:
        raise StorageError(f"{folder} holds no comparison: it has no {_ASKED}") from error
    except (OSError, KeyError, ValueError) as error:
        raise StorageError(f"{path} cannot be read: {error}") from error
    return {name: make_config(table) for name, table in tables.items()}, n_folds


# ---------------------------------------------------------------- the folder


def _claim(folder: Path, names: set[str], *, overwrite: bool, resume: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise StorageError(f"{folder} is a file: a comparison needs a folder")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / _ASKED).exists():
        raise StorageError(f"{folder} holds files that are not a comparison's: give another folder with -o")
    if overwrite:
        return
    if not resume:
        raise StorageError(
            f"{folder} holds a comparison already: give another folder with -o, or --overwrite to replace it, or "
            "--resume to finish it"
        )
    begun = set(read_asked(folder)[0])
    if begun - names:
        raise TrainingError(
            f"the comparison in {folder} was begun with {', '.join(sorted(begun - names))} too: name it as well, or "
            "start again with --overwrite"
        )
    if begun == names and (folder / _JSON).exists():
        raise StorageError(f"the comparison in {folder} is finished: there is nothing to resume")


def _refuse_others(folder: Path, asked: Mapping[str, RunConfig], settled: Mapping[str, Settled]) -> None:
    """Refuse to go on with candidates that were asked for, or begun, with other settings or other sounds."""
    begun = read_asked(folder)[0] if (folder / _ASKED).exists() else {}
    for name, one in settled.items():
        run = RunFolder(folder / name)
        if name in begun and (different := describe_differences(begun[name], asked[name])):
            raise TrainingError(
                f"{name} in {folder} was begun with other settings: {different}; give --resume alone, or start again "
                "with --overwrite"
            )
        refuse_other_settings(run, one.config)
        if run.is_run:
            refuse_other_clips(run, clips_key(one.dataset))


def _clear(folder: Path) -> None:
    """Throw away the comparison that is here; other files stay."""
    with suppress(StorageError, SettingError):
        for name in read_asked(folder)[0]:
            run = RunFolder(folder / name)
            run.clear()
            with suppress(OSError):  # somebody's own files lie in it too
                run.path.rmdir()
    for name in _FILES:
        (folder / name).unlink(missing_ok=True)


def _save_asked(folder: Path, configs: Mapping[str, RunConfig], n_folds: int | None) -> None:
    folds = {} if n_folds is None else {"n_folds": n_folds}
    content = {**folds, "candidates": {name: config.to_dict() for name, config in configs.items()}}
    above = remark(*(config.network.settings for config in configs.values()))
    write_text(folder / _ASKED, above + tomli_w.dumps(content))


# ---------------------------------------------------------------- before and after the work


def _without_steps(configs: Mapping[str, RunConfig]) -> tuple[dict[str, RunConfig], tuple[str, ...]]:
    """Return the candidates without steps that they cannot learn with, and a note where others can."""
    solved = [name for name, one in configs.items() if one.augment.steps and not _learns_in_batches(one)]
    if not solved or len(solved) == len(configs):  # what no candidate can do is refused
        return dict(configs), ()
    verb = "learns" if len(solved) == 1 else "learn"
    note = f"{', '.join(solved)} {verb} without --augment: steps are for what learns in batches"
    return {**configs, **{name: replace(configs[name], augment=AugmentConfig()) for name in solved}}, (note,)


def _learns_in_batches(config: RunConfig) -> bool:
    return network_kind(config.network.name, config.network.settings).learns_in_batches


def _try_out(settled: Mapping[str, Settled], *, store: FeatureStore, strict: bool, progress: Progress) -> None:
    """Compute the features of each candidate, and try its network out on their shape: what cannot be is found now."""
    for name, one in settled.items():
        try:
            cut = settle_segments(standing_in(one.config), one.dataset)
            prepared = prepare(cut, store=store, strict=strict, progress=Titled(progress, name))
            refuse_misfit(replace(one.config, segments=cut.segments), prepared)
        except SettingError as error:
            raise SettingError(f"{name}: {error}") from error


def _compare(folder: Path, results: Sequence[CrossValidation], configs: Mapping[str, RunConfig]) -> Comparison:
    seed = next(iter(configs.values())).seed
    tested = {result.folder.path.name: _read_tested(result.folder) for result in results}
    candidates = [_candidate(result, config) for result, config in zip(results, configs.values(), strict=True)]
    first, simplest = candidates[0].name, min(candidates, key=lambda candidate: candidate.n_weights).name
    for name, clips in tested.items():
        _refuse_other_clips(tested[first], clips, folder / first, folder / name)
    groups = [group for *_, group in tested[simplest].clips]
    against = {
        name: paired_accuracy(clips.right, tested[simplest].right, groups, seed=seed)
        for name, clips in tested.items()
        if name != simplest
    }
    p = dict(zip(against, holm([pair.p for pair in against.values()]), strict=True))
    return Comparison(
        folder=folder,
        candidates=tuple(replace(one, against_simplest=against.get(one.name), p=p.get(one.name)) for one in candidates),
        simplest=simplest,
        n_clips=len(groups),
        n_groups=len(set(groups)),
        notes=tuple(dict.fromkeys(note for result in results for note in result.notes)),
        bad=results[0].bad,
    )


def _candidate(result: CrossValidation, config: RunConfig) -> Candidate:
    clip = result.scorecard.clip
    return Candidate(
        name=result.folder.path.name,
        network=network_title(config.network.name, config.network.settings),
        front_end=config.front_end.name,
        folds=tuple(fold.accuracy for fold in result.folds),
        mean=result.mean,
        deviation=result.deviation,
        accuracy=clip.accuracy,
        macro_f1=clip.macro_f1,
        n_weights=_n_weights(result, config) if can_be_kept(config) else 0,
        training_s=result.training_s,
    )


def _n_weights(result: CrossValidation, config: RunConfig) -> int:
    own = config.network.settings
    graph, _ = load_bundle(
        result.folder.fold(result.folds[0].fold).bundle_path, own=own if isinstance(own, OwnNetwork) else None
    )
    return sum(weight.numel() for weight in graph.network.parameters())


@dataclass(frozen=True)
class _Tested:
    """The clips that were tested (path, label, group), in the order of the predictions, and which are right."""

    clips: tuple[tuple[str, str, str], ...]
    right: npt.NDArray[np.bool_]


def _read_tested(run: RunFolder) -> _Tested:
    run.require()
    if (run.path / "folds.csv").exists():  # a cross-validation: fold after fold, each in the order of the data set
        rows = sorted(run.read_table("folds.csv"), key=lambda row: int(row["fold"]))
    else:
        rows = [row for row in run.read_table("split.csv") if row["part"] == "test"]
    group_of: dict[tuple[str, str], list[str]] = {}
    for row in reversed(rows):
        group_of.setdefault((row["path"], row["label"]), []).append(row["group"])
    try:
        with (run.path / "predictions.csv").open(newline="", encoding="utf-8") as stream:
            answers = [row[:3] for row in csv.reader(stream)][1:]  # by position: a class may be called "path"
        clips = tuple((path, label, group_of[path, label].pop()) for path, label, _ in answers)
    except (OSError, KeyError, IndexError, ValueError) as error:
        raise StorageError(f"{run.path} is not finished, or its predictions.csv is broken ({error!r})") from error
    return _Tested(clips, np.array([label == predicted for _, label, predicted in answers], dtype=bool))


def _refuse_other_clips(one: _Tested, other: _Tested, first: Path, second: Path) -> None:
    n_other = len(set(one.clips) ^ set(other.clips))
    if one.clips != other.clips:
        what = f"{n_other} clips differ" if n_other else "the folds differ"
        raise DataError(
            f"{second} was tested on other clips than {first} ({what}): compare runs of the same sounds, groups and "
            "split"
        )
