"""Scores as tables: for a terminal, for LaTeX, and as rows of a CSV file."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from earmark.evaluate.intervals import Estimate
from earmark.evaluate.measures import CLASS_MEASURES, MEASURES
from earmark.evaluate.paired import spell_p
from earmark.evaluate.pairs import Pair
from earmark.evaluate.run_scores import FoldSpread, LevelScores, RunScores

TIDY_HEADER = ("run", "level", "class", "measure", "value", "low", "high", "n")
_COLUMNS = {"clip": "per clip", "segment": "per segment", "group": "per group"}
_SUMMED_UP = {"vote": "majority vote", "log-odds": "mean log-odds"}
_NOTHING = "-"
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}
_SPECIAL = re.compile(r"[\\~^&%$#_{}]")


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of words.

    Attributes:
        title: What is in it.
        header: A word for each column.
        rows: Its cells.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        lines = [self.header, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        padded = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in lines]
        return "\n".join([self.title, *(line.rstrip() for line in padded)])

    def latex(self) -> str:
        """Return the table for LaTeX; it needs the package booktabs."""
        lines = [" & ".join(map(escape_latex, row)) + r" \\" for row in (self.header, *self.rows)]
        columns = "l" * len(self.header)
        return "\n".join(
            [
                f"% {self.title}",
                rf"\begin{{tabular}}{{{columns}}}",
                r"\toprule",
                lines[0],
                r"\midrule",
                *lines[1:],
                r"\bottomrule",
                r"\end{tabular}",
            ]
        )


def escape_latex(text: str) -> str:
    r"""Return a text as LaTeX shows it: a class may be called anything.

    >>> print(escape_latex("100 % sea_waves"))
    100 \% sea\_waves
    """
    return _SPECIAL.sub(lambda found: _LATEX[found.group()], text)


def run_tables(scores: RunScores) -> list[Table]:
    """Return the tables of one run: every measure, other ways to sum up segments, and every class.

    Args:
        scores: Its scores.
    """
    levels = [level for level in scores.levels if level.level in _COLUMNS]
    counted = f"{_counted(scores.n_clips, 'clip')}, {_counted(scores.n_groups, 'group')}"
    header = ["", *(f"{_COLUMNS[level.level]} ({level.n})" for level in levels)]
    if scores.folds is not None:
        header.append(f"mean of {len(scores.folds.folds)} folds")
    rows = [
        (
            measure.title,
            *(_cell(level.scores.get(name)) for level in levels),
            *(() if scores.folds is None else (_spread(scores.folds, name),)),
        )
        for name, measure in MEASURES.items()
        if name in levels[0].scores
    ]
    title = f"{scores.name or 'scores'}: {counted}; 95 % intervals over groups"
    tables = [Table(title=title, header=tuple(header), rows=tuple(rows))]
    others = [level for level in scores.levels if level.level in _SUMMED_UP]
    if others:
        tables.append(_summed_up(others))
    return [*tables, _class_table(scores)]


def compared_tables(runs: Sequence[RunScores], pairs: Sequence[Pair], p: Sequence[float]) -> list[Table]:
    """Return the tables of several runs: all side by side, and the first less each of the others.

    Args:
        runs: The scores of each.
        pairs: The first beside each of the others.
        p: The probability of each pair's accuracies, corrected for the number of pairs.
    """
    names = [name for name in MEASURES if any(name in run.clip.scores for run in runs)]
    side = [(MEASURES[name].title, *(_cell(run.clip.scores.get(name)) for run in runs)) for name in names]
    less = [
        (MEASURES[name].title, *(str(pair.differences.get(name, _NOTHING)) for pair in pairs))
        for name in names
        if any(name in pair.differences for pair in pairs)
    ]
    less.append(("p of accuracy", *map(spell_p, p)))
    less.append(("clips", *(str(pair.accuracy.n_clips) for pair in pairs)))
    return [
        Table(title="per clip; 95 % intervals over groups", header=("", *(run.name for run in runs)), rows=tuple(side)),
        Table(
            title=f"{pairs[0].first} less each of the others, on the clips that both tested",
            header=("", *(pair.second for pair in pairs)),
            rows=tuple(less),
        ),
    ]


def tidy_rows(runs: Sequence[RunScores], pairs: Sequence[Pair] = ()) -> list[tuple[object, ...]]:
    """Return every score as a row under `TIDY_HEADER`.

    Args:
        runs: The scores of each run.
        pairs: Pairs of them: a difference is a row of the run ``FIRST less SECOND``.
    """
    rows: list[tuple[object, ...]] = []
    for run in runs:
        for level in run.levels:
            rows += _tidy((run.name, level.level, ""), level.scores, level.n)
        for one in run.classes:
            rows += _tidy((run.name, "clip", one.label), one.scores, one.n)
    for pair in pairs:
        run_name = f"{pair.first} less {pair.second}"
        rows += [
            (run_name, "clip", "", name, one.value, one.low, one.high, pair.accuracy.n_clips)
            for name, one in pair.differences.items()
        ]
    return rows


def tidy_csv(runs: Sequence[RunScores], pairs: Sequence[Pair] = ()) -> str:
    """Return `tidy_rows` as the text of a CSV file, without its last line end.

    Args:
        runs: The scores of each run.
        pairs: Pairs of them.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(TIDY_HEADER)
    writer.writerows(tidy_rows(runs, pairs))
    return stream.getvalue().rstrip("\n")


def _tidy(where: tuple[str, str, str], scores: Mapping[str, Estimate], n: int) -> list[tuple[object, ...]]:
    return [(*where, name, one.value, one.low, one.high, n) for name, one in scores.items()]


def _summed_up(levels: Sequence[LevelScores]) -> Table:
    names = ("accuracy", "macro_f1", "log_loss")
    return Table(
        title="clips summed up in other ways than by the mean probability of their segments",
        header=("", *(MEASURES[name].title for name in names)),
        rows=tuple((_SUMMED_UP[level.level], *(_cell(level.scores.get(name)) for name in names)) for level in levels),
    )


def _class_table(scores: RunScores) -> Table:
    titles = {"precision": "precision", "recall": "recall", "f1": "F1"}
    return Table(
        title="per class",
        header=("class", "clips", "groups", *(titles.get(name) or MEASURES[name].title for name in CLASS_MEASURES)),
        rows=tuple(
            (one.label, str(one.n), str(one.n_groups), *(_cell(one.scores.get(name)) for name in CLASS_MEASURES))
            for one in scores.classes
        ),
    )


def _cell(estimate: Estimate | None) -> str:
    if estimate is None:
        return _NOTHING
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f} (?)"
    return str(estimate)


def _spread(folds: FoldSpread, name: str) -> str:
    if name not in folds.mean:
        return _NOTHING
    deviation = f" ± {folds.deviation[name]:.3f}" if name in folds.deviation else ""
    return f"{folds.mean[name]:.3f}{deviation}"


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
