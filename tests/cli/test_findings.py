import pytest

from earmark.audit.findings import Finding
from earmark.audit.measure import Measures, Unusable
from earmark.audit.summary import summarise
from earmark.cli.findings import duration, finding_lines, summary_lines
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset


def finding(kind="silent", *clips, message="it is so", severity="error"):
    return Finding(kind=kind, severity=severity, clips=clips, score=1, message=message, advice="drop it")


def summary_of(tmp_path, labels):
    clips = [
        Clip(name=f"{n}.wav", path=tmp_path / f"{n}.wav", label=label, group=str(n)) for n, label in enumerate(labels)
    ]
    bad = [Unusable(index=n, name=f"{n}.wav", kind="empty", reason="empty") for n in range(len(labels))]
    return summarise(Dataset(clips, tmp_path, ("a note",)), Measures(sounds=(), unusable=tuple(bad)), name="mine")


def test_columns_stand_below_each_other(tmp_path):
    lines = summary_lines(summary_of(tmp_path, ["rain", "a very long name of a class indeed"]))
    table = lines[lines.index("") + 1 :]
    assert len({len(line) for line in table}) == 1
    assert [line.split()[0] for line in table] == ["class", "a", "rain", "all"]
    assert "a very long name of a..." in table[1]


def test_what_cannot_be_read_is_counted_and_the_note_told(tmp_path):
    text = "\n".join(summary_lines(summary_of(tmp_path, ["rain"])))
    assert "1 (1 bad)" in text
    assert "note      a note" in text
    assert "none could be read" in text


def test_without_labels_there_is_one_row(tmp_path):
    lines = summary_lines(summary_of(tmp_path, ["", ""]))
    assert [line.split()[0] for line in lines[lines.index("") + 1 :]] == ["class", "all"]


def test_findings_of_a_kind_stand_under_one_heading_with_one_advice():
    lines = finding_lines([finding("silent", "a.wav"), finding("silent", "b.wav"), finding("clipped", "c.wav")])
    assert lines == [
        "error: silent (2)",
        "  a.wav: it is so",
        "  b.wav: it is so",
        "  -> drop it",
        "",
        "error: clipped (1)",
        "  c.wav: it is so",
        "  -> drop it",
    ]


def test_many_findings_are_cut_short_and_counted():
    lines = finding_lines([finding("silent", f"{number}.wav") for number in range(20)])
    assert "  and 12 more: see --json, or a page (-o page.html)" in lines
    assert len(lines) < 12


@pytest.mark.parametrize(
    ("clips", "message", "line"),
    [
        ((), "random segments 88 %", "  random segments 88 %"),
        (("a.wav", "b.wav"), "a.wav is b.wav", "  a.wav is b.wav"),
        (("a.wav", "b.wav", "c.wav", "d.wav"), "4 clips", "  4 clips [a.wav, b.wav, c.wav and 1 more]"),
    ],
)
def test_clips_are_named_once(clips, message, line):
    assert finding_lines([finding("leak", *clips, message=message)])[1] == line


@pytest.mark.parametrize(
    ("time_s", "told"),
    [(0.05, "0.05 s"), (59.9, "59.90 s"), (60, "1 min 0 s"), (119.7, "2 min 0 s"), (3599.9, "1 h 0 min")],
)
def test_lengths_of_time_are_rounded_before_they_are_parted(time_s, told):
    assert duration(time_s) == told
