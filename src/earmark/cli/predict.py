"""``earmark predict``: sounds in, named probabilities out."""

from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.console import ProgressBar, name_bad_files, show, show_json
from earmark.cli.options import AsJson, Device, Strict


def predict(
    run: Annotated[Path, typer.Argument(help="A run folder, or the bundle in it.")],
    sounds: Annotated[
        list[Path], typer.Argument(help="Sound files, or folders of them (or pictures, if it learnt from such).")
    ],
    *,
    device: Device = None,
    strict: Strict = False,
    as_json: AsJson = False,
) -> int:
    """Say what is to be heard in sounds, and how probable it is."""
    from earmark.audio.find import find_sounds
    from earmark.inference.predictor import Predictor

    predictor = Predictor.load(run, device=device or "cpu")
    paths = find_sounds(sounds, suffixes={".png"}) if predictor.takes == "picture" else find_sounds(sounds)
    with ProgressBar() as progress:
        predictions, bad = predictor.predict_files(paths, strict=strict, progress=progress)
    if as_json:
        show_json([prediction.to_json() for prediction in predictions])
    else:
        width = max((len(prediction.path) for prediction in predictions), default=4)
        name_width = max(len(label) for label in predictor.labels)
        for prediction in predictions:
            second = sorted(prediction.probabilities.items(), key=lambda item: -item[1])[1]
            show(
                f"{prediction.path:<{width}}  {prediction.label:<{name_width}}  {prediction.probability:6.1%}"
                f"   then {second[0]} {second[1]:.1%}"
            )
    name_bad_files([(error.path, error.reason) for error in bad], len(paths))
    return 0 if predictions else 2
