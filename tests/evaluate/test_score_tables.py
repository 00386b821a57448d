import csv
import io

import pytest

from earmark.evaluate.pairs import compare_tested
from earmark.evaluate.run_scores import score_tested
from earmark.evaluate.score_tables import (
    TIDY_HEADER,
    Table,
    compared_tables,
    escape_latex,
    run_tables,
    tidy_csv,
    tidy_rows,
)


@pytest.fixture(scope="module")
def scores(tested):
    return score_tested(tested(folds=[clip // 3 % 4 for clip in range(60)]), name="first", n_resamples=200)


@pytest.fixture(scope="module")
def pair(tested):
    return compare_tested(tested(), tested(seed=3), names=("first", "second"), n_resamples=200)


def cells(table, row):
    return next(one for one in table.rows if one[0] == row)


def test_every_measure_and_class_of_a_run_is_in_its_tables(scores):
    main, ways, classes = run_tables(scores)
    assert main.title == "first: 60 clips, 15 groups; 95 % intervals over groups"
    assert main.header == ("", "per clip (60)", "per segment (180)", "per group (45)", "mean of 4 folds")
    assert cells(main, "ROC AUC")[1] == str(scores.clip.scores["roc_auc"])
    spread = scores.folds
    assert cells(main, "accuracy")[4] == f"{spread.mean['accuracy']:.3f} ± {spread.deviation['accuracy']:.3f}"
    assert [row[0] for row in ways.rows] == ["majority vote", "mean log-odds"]
    assert cells(ways, "majority vote")[3] == "-"
    assert [row[0] for row in classes.rows] == list(scores.labels)
    assert classes.rows[0][4] == str(scores.classes[0].scores["recall"])


def test_columns_are_flush(scores):
    title, *lines = str(run_tables(scores)[0]).splitlines()
    assert title.startswith("first")
    place = lines[0].index("per segment")
    assert all(line[place - 1] == " " and line[place] != " " for line in lines)


def test_scores_without_interval_are_marked(tested):
    found = score_tested(tested(n_groups=1), n_resamples=10)
    assert cells(run_tables(found)[0], "accuracy")[1].endswith(" (?)")


def test_runs_stand_side_by_side_and_the_first_less_the_others(scores, pair):
    side, less = compared_tables([scores, scores], [pair], [0.0321])
    assert side.header == ("", "first", "first")
    assert cells(less, "accuracy") == ("accuracy", str(pair.differences["accuracy"]))
    assert cells(less, "p of accuracy") == ("p of accuracy", "0.032")
    assert cells(less, "clips") == ("clips", "60")


def test_each_score_is_a_row_of_the_csv(scores, pair):
    rows = list(csv.DictReader(io.StringIO(tidy_csv([scores], [pair]))))
    assert len(rows) == len(tidy_rows([scores], [pair])) > 60
    assert tuple(rows[0]) == TIDY_HEADER
    one = next(row for row in rows if (row["class"], row["measure"]) == ("class 1", "recall"))
    assert float(one["low"]) == scores.classes[1].scores["recall"].low
    last = rows[-1]
    assert (last["run"], last["level"]) == ("first less second", "clip")
    assert float(last["value"]) == pair.differences[last["measure"]].value


def test_names_of_classes_cannot_break_latex():
    hostile = r"a_b & 50% $x$ #1 {c} ~ ^ \input{x}"
    escaped = escape_latex(hostile)
    assert escaped == (r"a\_b \& 50\% \$x\$ \#1 \{c\} \textasciitilde{} \textasciicircum{} \textbackslash{}input\{x\}")
    table = Table(title="t", header=("class", "n"), rows=((hostile, "1"),)).latex()
    assert table.splitlines()[5] == rf"{escaped} & 1 \\"
    assert table.count(r"\begin{tabular}{ll}") == table.count(r"\end{tabular}") == 1
