"""The page of a comparison: which classifier is best, whether that may be chance, and where they differ."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from earmark.data.dataset import count
from earmark.errors import StorageError
from earmark.evaluate.intervals import Estimate
from earmark.evaluate.measures import MEASURES
from earmark.experiment.scores import RunsCompared, compare_runs
from earmark.report.fold_results import read_any_results
from earmark.report.page import Head, Section, make_section, render_page, without_folders
from earmark.report.results import RunResults
from earmark.report.spread import make_box
from earmark.report.tables import commonest_share
from earmark.report.verdict import cautions, describe_folds

_COMPARISON = "comparison.json"
_N_HARD = 40


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What the files of a comparison say.

    Attributes:
        folder: Where it is.
        content: What ``comparison.json`` says.
        runs: What each cross-validation said, in the order of the candidates; None for one that cannot be read.
        faults: Why these cannot be read.
    """

    folder: Path
    content: Mapping[str, Any]
    runs: tuple[RunResults | None, ...]
    faults: tuple[str, ...]

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """The candidates as the file has them."""
        return list(self.content["candidates"])

    @property
    def places(self) -> tuple[Path, ...]:
        """Where it and its data are, or were."""
        return (self.folder, *(run.data_path for run in self.readable))

    @property
    def readable(self) -> list[RunResults]:
        """Those cross-validations that can be read."""
        return [run for run in self.runs if run is not None]


def is_comparison(folder: Path) -> bool:
    """Return whether a folder holds a finished comparison."""
    return (folder / _COMPARISON).exists()


def read_compared(folder: Path) -> Compared:
    """Read the files of a finished comparison.

    Args:
        folder: Its folder.

    Raises:
        StorageError: ``comparison.json`` is broken.
    """
    path = folder / _COMPARISON
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        names = [str(one["name"]) for one in content["candidates"]]
        _ = content["sentence"], content["best"], content["simplest"], content["n_clips"], content["n_groups"]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise StorageError(f"{path} cannot be read ({error!r}): compare again with --resume") from error
    runs: list[RunResults | None] = []
    faults = []
    for name in names:
        try:
            runs.append(read_any_results(folder / name))
        except StorageError as error:
            runs.append(None)
            faults.append(f"{name}: {without_folders(str(error), [folder])}")
    return Compared(folder=folder, content=content, runs=tuple(runs), faults=tuple(faults))


def render_comparison(compared: Compared) -> str:
    """Return the page that tells of a comparison.

    Args:
        compared: What its files say.
    """
    sections = _sections(compared)
    missing = [(section.title, section.fault) for section in sections if section.fault]
    first = make_section("verdict", "", "The verdict", partial(_verdict, compared, missing))
    return render_page(_head(compared), [first, *sections])


def _sections(compared: Compared) -> list[Section]:
    section = partial(make_section, hidden=compared.places)
    return [
        section("candidates", "Candidates", "The candidates", partial(_candidates, compared)),
        section("differences", "Differences", "Score by score", partial(_differences, compared)),
        section("by-class", "Classes", "Class by class", partial(_by_class, compared), template="by_class"),
        section("clips", "Clips", "Where they differ", partial(_clips, compared)),
        section("repeat", "How it was made", "How it was made", partial(_repeat, compared)),
        section("words", "Words", "Words", dict),
    ]


def _head(compared: Compared) -> Head:
    known = compared.readable
    return Head(
        kind="Comparison of classifiers",
        title=known[0].data_name if known else compared.folder.resolve().name,
        facts=(
            f"{len(compared.candidates)} candidates",
            f"{count(int(compared.content['n_clips']), 'clip')} of {count(int(compared.content['n_groups']), 'group')}",
            f"comparison {compared.folder.resolve().name}",
        ),
        version=str(known[0].environment.get("earmark", "")) if known else "",
    )


def _verdict(compared: Compared, missing: Sequence[tuple[str, str]]) -> dict[str, Any]:
    known = compared.readable
    split = describe_folds(known[0].folds, known[0].clips) if known else "No cross-validation of it can be read."
    simplest = str(compared.content["simplest"])
    return {
        "verdict": [
            sentence.replace(" %", "\N{NO-BREAK SPACE}%")
            for sentence in (
                str(compared.content["sentence"]),
                split,
                f"All are set against {simplest}, the simplest: what is not better than that is not worth its effort.",
            )
        ],
        "cautions": [
            *(cautions(known[0]) if known else []),
            *(f"A candidate cannot be read: {fault}." for fault in compared.faults),
            *(f"The part \u201c{title}\u201d could not be made: {fault}." for title, fault in missing),
        ],
    }


def _candidates(compared: Compared) -> dict[str, Any]:
    rows = [
        {
            "one": one,
            "accuracy": Estimate(**one["accuracy"]),
            "macro_f1": Estimate(**one["macro_f1"]),
            "against": one["against_simplest"],
            "box": make_box(one["name"], {f"fold {number}": value for number, value in enumerate(one["folds"], 1)}),
            "is_best": one["name"] == compared.content["best"],
            "is_simplest": one["name"] == compared.content["simplest"],
        }
        for one in compared.candidates
    ]
    known = compared.readable
    return {"rows": rows, "commonest_share": commonest_share(known[0].scorecard) if known else 0.0}


def _differences(compared: Compared) -> dict[str, Any]:
    """Return every score of each candidate, and that of the best less that of each other one."""
    best = str(compared.content["best"])
    names = [best, *(one["name"] for one in compared.candidates if one["name"] != best)]
    found: RunsCompared = compare_runs([compared.folder / name for name in names])
    measures = [one for name, one in MEASURES.items() if any(name in run.clip.scores for run in found.runs)]
    return {"found": found, "measures": measures, "best": best}


def _by_class(compared: Compared) -> dict[str, Any]:
    """Return what share of each class each candidate finds."""
    known = compared.readable
    labels = known[0].scorecard.labels if known else ()
    recalls = [{row.label: row for row in run.scorecard.clip.classes} for run in known]
    return {
        "names": [run.name for run in known],
        "rows": [(label, recalls[0][label].n, [found.get(label) for found in recalls]) for label in labels],
    }


def _clips(compared: Compared) -> dict[str, Any]:
    """Return the clips that no candidate gets right, and how many are right how often."""
    known = compared.readable
    said: dict[tuple[str, str, int], list[str]] = {}
    for run in known:
        for clip in run.scored:
            said.setdefault((clip.name, clip.label, clip.place), []).append(clip.predicted)
    hard = [(key, words) for key, words in said.items() if key[1] not in words and len(words) == len(known)]
    n_right = [sum(word == key[1] for word in words) for key, words in said.items()]
    return {
        "names": [run.name for run in known],
        "hard": hard[:_N_HARD],
        "n_hard": len(hard),
        "spread": [(right, n_right.count(right)) for right in range(len(known) + 1)],
        "n_clips": len(said),
    }


def _repeat(compared: Compared) -> dict[str, Any]:
    known = compared.readable
    notes = dict.fromkeys(note for run in known for note in run.environment.get("notes", []))
    return {
        "candidates": compared.candidates,
        "environment": known[0].environment if known else {},
        "notes": list(notes),
    }
