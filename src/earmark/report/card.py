"""The model card: what a classifier is for and what not, on which data, under which licence; also as Markdown."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark._util.files import write_text
from earmark.data.dataset import count
from earmark.data.sources.about import About
from earmark.data.sources.catalogue import KNOWN
from earmark.errors import DataError, SettingError, StorageError
from earmark.evaluate.intervals import Estimate
from earmark.report.compared import is_comparison
from earmark.report.fold_results import read_any_results
from earmark.report.results import RunResults
from earmark.report.tables import class_lines
from earmark.report.verdict import cautions, verdict

NAME = "card.md"
_MARK = "<!-- written by earmark report -->"
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|!~])")
_N_WEAKEST = 3


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a model card says.

    Attributes:
        title: What it is a card of.
        is_for: What the classifier is for.
        is_not_for: What it is not for.
        data: On which data it was trained and tested.
        licence: The licence of the data, in words; what is known of it.
        citation: What to cite for the data; nothing where that is not known.
        scores: How good it is.
        limits: What limits it, and what to know before trusting it.
        labels: The classes.
        about: What is known of the published data set; None where it is none, or is no longer there.
    """

    title: str
    is_for: str
    is_not_for: tuple[str, ...]
    data: str
    licence: str
    citation: str
    scores: str
    limits: tuple[str, ...]
    labels: tuple[str, ...]
    about: About | None


def make_card(results: RunResults) -> Card:
    """Return the model card of a run, or of the classifiers of a cross-validation; it claims nothing that is not known.

    Args:
        results: What its files say.
    """
    labels = results.scorecard.labels
    about = known_source(results.data_path)
    sentences = verdict(results)
    weak = [line.scores for line in class_lines(results.scorecard) if line.scores.n][:_N_WEAKEST]
    weakest = ", ".join(f"{row.label} (recall {100 * row.recall:.0f} % of {row.n})" for row in weak if row.recall < 1)
    many = f"{len(results.folds)} classifiers, one a fold, that tell" if results.folds else "A classifier that tells"
    return Card(
        title=f"{results.network} on {results.data_name}",
        is_for=f"{many} {len(labels)} classes of sounds apart, in recordings like those that it was tested on.",
        is_not_for=(
            "Sounds of other classes: each is taken for one of those above, often with a high probability.",
            "Recordings made otherwise (microphones, rooms, coding): nothing here says how it fares on them.",
            "Decisions about persons, or where a wrong label does harm, without somebody who listens too.",
        ),
        data=_describe_data(results, about),
        licence=about.licence if about else "not known, for earmark does not know this data set: ask who made it",
        citation=about.citation if about else "",
        scores=sentences[0],
        limits=(
            *sentences[1:],
            *([f"Weakest classes: {weakest}."] if weakest else []),
            *cautions(results),
            *([f"Known to be wrong with the data: {about.faults}"] if about and about.faults else []),
        ),
        labels=labels,
        about=about,
    )


def card_content(results: RunResults) -> dict[str, Any]:
    """Return what the card in the page shows."""
    return {"card": make_card(results), "results": results}


def write_card(run: str | Path, *, out: Path | None = None) -> Path:
    """Write ``card.md``, the model card with a head that a model hub reads, into the folder of a finished run.

    Args:
        run: The folder of a run or cross-validation.
        out: Where the card is to be; None for ``card.md`` in the folder.

    Returns:
        The path of the card.

    Raises:
        SettingError: It is a comparison, which is no model.
        StorageError: It is no run, is not finished, a file of it is broken, the card cannot be written, or the folder
            holds a ``card.md`` that is none of ours.
    """
    folder = Path(run)
    if is_comparison(folder):
        raise SettingError(
            f"{folder} is a comparison, and a card is of one model: give the folder of a candidate inside it"
        )
    path = folder / NAME if out is None else out
    if out is None and path.exists() and not _is_ours(path):
        raise StorageError(f"{path} is there already and is no card of earmark's: name another file with -o")
    write_text(path, render_card(read_any_results(folder)))
    return path


def render_card(results: RunResults) -> str:
    """Return the model card as Markdown, with the head in YAML that a model hub reads.

    Args:
        results: What the files of the run say.

    Source: "Model Cards", documentation of the Hugging Face Hub; Mitchell et al., "Model Cards for Model Reporting",
    FAccT 2019.
    """
    card = make_card(results)
    trained = "earmark crossval" if results.folds else "earmark train"
    lines = [
        *_head(results, card),
        "",
        _MARK,
        "",
        f"# {_plain(card.title)}",
        "",
        f"{_plain(card.is_for)} Made with earmark {results.environment.get('earmark', '')}.".replace(" .", "."),
        "",
        f"Classes: {', '.join(_plain(label) for label in card.labels)}.",
        *_part("What it is not for", card.is_not_for),
        *_part(
            "Data", [card.data, f"Licence of the data: {card.licence}.", *([card.citation] if card.citation else [])]
        ),
        *_part("How good it is", [card.scores]),
        "",
        *_table(results),
        *_part("Limits", card.limits),
        *_part("Use", []),
        "",
        "```sh",
        f"earmark predict RUN{'/fold-1' if results.folds else ''} sound.wav --json",
        "```",
        *_part("How it was made", [_making(results)]),
        "",
        "```sh",
        f"{trained} --config config.toml -o again",
        "```",
        "",
        "License of the model: unknown, unless its author states one here.",
        "",
    ]
    return "\n".join(lines)


def known_source(path: Path) -> About | None:
    """Return what is known of a published data set; None for another one, or one that is no longer there.

    Args:
        path: Where the data set was when the run was made.
    """
    for source in KNOWN.values():
        try:
            if path.is_dir() and source.recognises(path):
                return source.ABOUT
        except (OSError, DataError):  # a folder that cannot be looked into is none that is known
            return None
    return None


def _describe_data(results: RunResults, about: About | None) -> str:
    groups = {clip.group for clip in results.clips}
    what = f"{about.title}, {about.summary}: " if about else f"{results.data_name}: "
    return f"{what}{count(len(results.clips), 'clip')} of {count(len(groups), 'group')} were used."


def _head(results: RunResults, card: Card) -> list[str]:
    clip = results.scorecard.clip
    metrics = (("accuracy", clip.accuracy), ("f1", clip.macro_f1))
    # JSON strings are YAML strings, whatever a label or a folder is called.
    data_set = json.dumps(card.about.title if card.about else results.data_name)
    values = [
        line
        for name, estimate in metrics
        for line in (f"          - type: {name}", f"            value: {estimate.value:.6g}")
    ]
    return [
        "---",
        "license: unknown",
        "library_name: earmark",
        "pipeline_tag: audio-classification",
        "tags:",
        "  - audio-classification",
        f"  - {json.dumps(results.network)}",
        "metrics:",
        "  - accuracy",
        "  - f1",
        "model-index:",
        f"  - name: {json.dumps(card.title)}",
        "    results:",
        "      - task:",
        "          type: audio-classification",
        "        dataset:",
        f"          name: {data_set}",
        f"          type: {data_set}",
        "        metrics:",
        *values,
        "---",
    ]


def _part(title: str, sentences: Sequence[str]) -> list[str]:
    lines = ["", f"## {title}"]
    if len(sentences) == 1:
        return [*lines, "", _plain(sentences[0])]
    return [*lines, *([""] if sentences else []), *(f"* {_plain(sentence)}" for sentence in sentences)]


def _table(results: RunResults) -> list[str]:
    card = results.scorecard
    rows = [("per clip", card.clip.accuracy, card.clip.macro_f1)]
    if card.baseline is not None:
        rows.append((f"{card.baseline.name} baseline", card.baseline.clip.accuracy, card.baseline.clip.macro_f1))
    cells = [f"| {_plain(name)} | {_with_range(accuracy)} | {_with_range(f1)} |" for name, accuracy, f1 in rows]
    return ["| | accuracy, % (95 % interval) | macro F1, % (95 % interval) |", "|---|---|---|", *cells]


def _with_range(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return f"{100 * estimate.value:.1f}"
    return f"{100 * estimate.value:.1f} ({100 * estimate.low:.1f} to {100 * estimate.high:.1f})"


def _making(results: RunResults) -> str:
    seconds = results.environment.get("seconds", {})
    time_s = f" It took {float(seconds['all']):.0f} s." if "all" in seconds else ""
    front_end = f" on {results.front_end}" if results.front_end else ""
    return f"{results.network}{front_end}, seed {results.config.get('seed', 0)}.{time_s}"


def _plain(text: str) -> str:
    r"""Return text as Markdown that shows it as it is, in one line.

    >>> _plain("sea_waves <b>")
    'sea\\_waves \\<b\\>'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _is_ours(path: Path) -> bool:
    try:
        return _MARK in path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
