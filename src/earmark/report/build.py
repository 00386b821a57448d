"""The report of a run: one HTML file that opens offline and can be sent by mail."""

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import tomli_w
from jinja2 import Environment, PackageLoader, StrictUndefined

from earmark._util.files import write_text
from earmark.data.dataset import count
from earmark.experiment.folder import RunFolder
from earmark.features.interchange.catalogue import holds_features
from earmark.report import figures
from earmark.report.players import NoPlayer, find_clips, make_player
from earmark.report.results import RunResults, read_results
from earmark.report.tables import (
    class_lines,
    commonest_confusions,
    commonest_share,
    data_rows,
    matrix_rows,
    score_rows,
    worst_mistakes,
)
from earmark.report.verdict import cautions, describe_course, describe_ending, verdict

N_MISTAKES = 12
_NO_SOUND = "There is no sound to play: the data are features or pictures."


def write_report(run: str | Path) -> Path:
    """Write ``report.html`` into the folder of a finished run.

    The page holds everything it needs: no address leads out of it. Sounds are looked for where the data set was when
    the run was made; where they are gone or cannot be read, the page says so in their place. The same run and sounds
    give the same bytes.

    Args:
        run: The run folder.

    Returns:
        The path of the report.

    Raises:
        StorageError: It is no run folder, the run is not finished, a file of it is broken, or the report cannot be
            written.
    """
    folder = Path(run)
    report = RunFolder(folder).report_path
    write_text(report, render_report(read_results(folder)))
    return report


def render_report(results: RunResults) -> str:
    """Return the page that tells of a run.

    Args:
        results: What the files of the run say.
    """
    template = _templates().get_template("report.html.j2")
    content = _content(results)
    n_bytes = len(template.render(content, size="").encode())
    return template.render(content, size=f"{n_bytes / 1e6:.1f} MB")


def _content(results: RunResults) -> dict[str, Any]:
    scorecard = results.scorecard
    wrong = [clip for clip in results.scored if not clip.is_right]
    no_sound = NoPlayer(reason=_NO_SOUND) if holds_features(results.data_path) else None
    places = find_clips(results.config.get("data", {}), results.clips) if wrong and not no_sound else []
    worst = worst_mistakes(results.scored, N_MISTAKES)
    return {
        "results": results,
        "scorecard": scorecard,
        "facts": _facts(results),
        "verdict": [sentence.replace(" %", "\N{NO-BREAK SPACE}%") for sentence in verdict(results)],
        "cautions": cautions(results),
        "scores": score_rows(scorecard),
        "commonest_share": commonest_share(scorecard),
        "charts": figures.draw_curves(results.epochs, best_epoch=results.best_epoch),
        "figures": figures,
        "ending": describe_ending(results),
        "course": describe_course(results),
        "matrix": matrix_rows(scorecard),
        "pairs": commonest_confusions(scorecard),
        "classes": class_lines(scorecard),
        "n_wrong": len(wrong),
        "mistakes": [(clip, no_sound or make_player(places[clip.place])) for clip in worst],
        "data": data_rows(results),
        "bad": [sound for sound in results.sounds if sound.is_bad],
        "has_sounds": no_sound is None,
        "silent": [sound for sound in results.sounds if sound.fault and not sound.is_bad],
        "config": shown_config(results.config),
    }


def _facts(results: RunResults) -> list[str]:
    return [
        f"{count(len(results.clips), 'clip')} of {len(results.scorecard.labels)} classes",
        f"network {results.network}",
        *([f"front end {results.front_end}"] if results.front_end else []),
        f"run {results.name}",
    ]


def shown_config(config: Mapping[str, Any]) -> str:
    """Return a configuration as TOML, without the folders above the data set: they may name a person or a place.

    >>> print(shown_config({"data": {"path": "/home/ann/sounds"}}).strip())
    [data]
    path = ".../sounds"
    """
    data = dict(config.get("data", {}))
    if "path" in data:
        data["path"] = f".../{Path(data['path']).name}"
    return tomli_w.dumps({**config, "data": data})


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("earmark.report"),
        autoescape=True,  # labels and paths are the user's text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = _percent
    environment.filters["whole_percent"] = _whole_percent
    environment.filters["duration"] = _duration
    environment.globals["count"] = count
    return environment


def _percent(share: float) -> str:
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def _whole_percent(share: float) -> str:
    return f"{math.floor(100 * share + 0.5)}\N{NO-BREAK SPACE}%"  # halves go up, as a reader expects


def _duration(time_s: float) -> str:
    """Return a length of time as a person says it.

    >>> _duration(12.34), _duration(200)
    ('12.3 s', '3 min 20 s')
    """
    if time_s < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{time_s:.1f} s"
    minutes, seconds = divmod(round(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
