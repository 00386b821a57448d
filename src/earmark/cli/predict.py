"""``earmark predict``: sounds in, named probabilities out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from earmark.cli.console import ProgressBar, name_bad_files, show, show_json, talk
from earmark.cli.options import AsJson, Device, Strict
from earmark.errors import SettingError

if TYPE_CHECKING:
    from earmark.inference.prediction import Prediction


def predict(
    run: Annotated[Path, typer.Argument(help="A run folder, or the bundle in it.")],
    sounds: Annotated[
        list[Path], typer.Argument(help="Sound files, or folders of them (or pictures, if it learnt from such).")
    ],
    *,
    min_confidence: Annotated[
        str | None,
        typer.Option(
            help="Answer 'uncertain' where the best guess is less probable than this, such as 0.7; per-class for "
            "thresholds chosen on validation clips.",
            metavar="P",
        ),
    ] = None,
    coverage: Annotated[
        float | None,
        typer.Option(help="Name as many labels as it takes to have the truth among them so often, such as 0.9."),
    ] = None,
    device: Device = None,
    strict: Strict = False,
    as_json: AsJson = False,
) -> int:
    """Say what is to be heard in sounds, and how probable it is."""
    from earmark.audio.find import find_sounds
    from earmark.inference.predictor import Predictor

    predictor = Predictor.load(run, device=device or "cpu")
    predictor = predictor.cautious(min_confidence=_confidence(min_confidence), coverage=coverage)
    paths = find_sounds(sounds, suffixes={".png"}) if predictor.takes == "picture" else find_sounds(sounds)
    if predictor.note:
        talk(predictor.note)
    with ProgressBar() as progress:
        predictions, bad = predictor.predict_files(paths, strict=strict, progress=progress)
    if as_json:
        show_json([prediction.to_json() for prediction in predictions])
    else:
        width = max((len(prediction.path) for prediction in predictions), default=4)
        name_width = max((len(prediction.said) for prediction in predictions), default=4)
        for prediction in predictions:
            show(f"{prediction.path:<{width}}  {prediction.said:<{name_width}}  {_told(prediction)}")
    name_bad_files([(error.path, error.reason) for error in bad], len(paths))
    return 0 if predictions else 2


def _confidence(asked: str | None) -> float | Literal["per-class"] | None:
    if asked is None:
        return None
    if asked == "per-class":
        return "per-class"
    try:
        return float(asked)
    except ValueError as error:
        raise SettingError(
            f"--min-confidence is {asked!r}: write a number from 0 to 1 such as 0.7, or per-class"
        ) from error


def _told(prediction: "Prediction") -> str:
    """Return what stands behind the answer: how probable it is, what else it may be, and what is odd about it."""
    likely = sorted(prediction.probabilities.items(), key=lambda item: -item[1])
    told = [f"{prediction.probability:6.1%}"]
    if prediction.label is None:
        told.append(f"best guess {prediction.best_guess}")
    if len(likely) > 1:
        told.append(f"then {likely[1][0]} {likely[1][1]:.1%}")
    if prediction.labels is not None:
        told.append(f"one of: {', '.join(prediction.labels)}" if prediction.labels else "no label is likely enough")
    if prediction.is_novel:
        told.append(f"unlike what was learnt (novelty {prediction.novelty:.2f})")
    return "   ".join(told)
