"""Decisions about clips: what may be decided, the table they are in, and what survives a crash."""

import csv
import errno
import os
import re
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.audit import decisions as module
from earmark.audit.decisions import ACTIONS, COLUMNS, Decision, DecisionTable, read_decisions, write_decisions
from earmark.audit.findings import clip_address
from earmark.data.clip import Clip
from earmark.data.sources import table as tables
from earmark.errors import DataError, SettingError, StorageError


def make_clip(folder, name="dog/a.wav", content=b"sound", label="dog", **stretch):
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Clip(name=name, path=path, label=label, group=name, **stretch)


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def write_by_hand(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


# ---------------------------------------------------------------- one decision


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"action": "drp"}, "there is no decision 'drp': did you mean 'drop'"),
        ({"action": "relabel"}, "comes with a new label"),
        ({"action": "keep", "new_label": "sea"}, "no new label, and not 'sea'"),
        ({"action": "relabel", "label": "dog", "new_label": "dog"}, "its label is 'dog' already"),
        ({"action": "relabel", "new_label": "sea\nrain"}, "one line"),
        ({"action": "relabel", "new_label": " sea"}, "without spaces around it"),
        ({"action": "relabel", "new_label": "x" * 201}, "200 at most"),
        ({"name": "", "action": "keep"}, "name is missing"),
    ],
)
def test_what_cannot_be_decided_is_refused(wrong, told):
    with pytest.raises(SettingError, match=re.escape(told)):
        Decision(**({"name": "a.wav"} | wrong))


# ---------------------------------------------------------------- the table

LABELS = st.text(
    st.characters(categories=["L", "N", "P", "S"], codec="utf-8"), min_size=1, max_size=8
)  # what is printable and no space
NAMES = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=20).filter(str.strip)


@st.composite
def tables_of_decisions(draw):
    names = draw(st.lists(NAMES, unique=True, max_size=6))
    made = []
    for name in names:
        action = draw(st.sampled_from(ACTIONS))
        new_label = draw(LABELS) if action == "relabel" else ""
        label = draw(LABELS.filter(lambda text, taken=new_label: text != taken))
        start_s = draw(st.sampled_from([0.0, 1.5, 0.1, 1e-05, 12345.678]))
        made.append(
            Decision(
                name=name,
                action=action,
                label=label,
                new_label=new_label,
                kinds=tuple(draw(st.sets(st.sampled_from(["label", "near-repeat"])))),
                content=draw(st.sampled_from(["", "0" * 32])),
                start_s=start_s,
                end_s=draw(st.sampled_from([None, start_s + 2.25])),
            )
        )
    return tuple(made)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


@pytest.mark.slow
@settings(max_examples=40)
@given(made=tables_of_decisions())
def test_a_table_reads_back_as_it_was_written(made, folder):
    write_decisions(folder / "d.csv", made)
    assert read_decisions(folder / "d.csv") == made
    assert (folder / "d.csv").read_text().replace('"', "").startswith(",".join(COLUMNS))


def test_a_table_of_decisions_is_never_taken_for_a_table_of_clips(tmp_path):
    write_decisions(tmp_path / "d.csv", [Decision(name="a.wav", action="keep")])
    assert not tables.tables_in(tmp_path)


def test_a_table_by_hand_needs_two_columns_and_may_leave_rows_open(tmp_path):
    path = write_by_hand(tmp_path / "d.csv", "name;decision;new_label", "a.wav;drop;", "b.wav;;", "c.wav;relabel;sea")
    assert [(d.name, d.verdict, d.content) for d in read_decisions(path)] == [
        ("a.wav", "drop", ""),
        ("c.wav", "relabel to sea", ""),
    ]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("path,label", "a.wav,dog"), "no table of decisions: it has no column 'name', 'decision'"),
        (("name,decision", "a.wav,kep"), "row 2: a.wav: there is no decision 'kep': did you mean 'keep'"),
        (("name,decision", ",keep"), "row 2: a decision is about a clip"),
        (("decision,name", "keep"), "row 2: a decision is about a clip"),
        (("name,decision,start_s", "a.wav,keep,soon"), "row 2: a stretch begins and ends at seconds"),
        (("name,decision", "a.wav,keep", "b.wav,keep", "a.wav,drop"), "a.wav is decided in row 2 and in row 4"),
        (("name,decision,start_s", "a.wav,keep,1", "a.wav,drop,1.0"), "a.wav#t=1 is decided in row 2 and in row 3"),
    ],
)
def test_a_table_that_cannot_be_is_refused_with_its_row(tmp_path, lines, told):
    with pytest.raises(DataError, match=re.escape(told)):
        read_decisions(write_by_hand(tmp_path / "d.csv", *lines))


def test_a_name_that_is_no_utf_8_still_makes_a_table_that_reads(tmp_path):
    write_decisions(tmp_path / "d.csv", [Decision(name="\udcff.wav", action="drop", content="0" * 32)])
    (read,) = read_decisions(tmp_path / "d.csv")
    assert (read.name, read.content) == ("\\udcff.wav", "0" * 32)


# ---------------------------------------------------------------- deciding


def test_a_decision_is_on_disk_before_the_call_returns_and_says_all_there_is_to_know(tmp_path):
    clip = make_clip(tmp_path, start_s=1.5, end_s=3.0)
    table = DecisionTable(tmp_path / "d.csv")

    made = table.decide(clip, "relabel", new_label="rain", kinds=("label", "clipped"))

    (row,) = rows_of(tmp_path / "d.csv")
    assert (row["name"], row["start_s"], row["end_s"]) == ("dog/a.wav", "1.5", "3")
    assert (row["label"], row["decision"], row["new_label"]) == ("dog", "relabel", "rain")
    assert row["kinds"] == "label clipped"
    assert re.fullmatch("[0-9a-f]{32}", row["content"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["decided_at"])
    assert table.of([clip]) == [made]
    assert made.address == clip_address(clip)


def test_the_bytes_are_synced_before_the_rename(tmp_path, monkeypatch):
    order = []
    monkeypatch.setattr(module.os, "fsync", lambda number: order.append(("sync", os.fstat(number).st_size)))
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda part, path: order.append(("rename", 0)) or replace(part, path))

    DecisionTable(tmp_path / "d.csv").decide(make_clip(tmp_path), "keep")

    assert [what for what, _ in order] == ["sync", "rename"]
    assert order[0][1] == (tmp_path / "d.csv").stat().st_size


def test_a_second_decision_takes_the_place_of_the_first(tmp_path):
    clips = [make_clip(tmp_path, name) for name in ("a.wav", "b.wav")]
    table = DecisionTable(tmp_path / "d.csv")
    for clip, action in zip([*clips, clips[0]], ("keep", "keep", "drop"), strict=True):
        table.decide(clip, action)
    assert [(d.name, d.action) for d in table.decisions] == [("a.wav", "drop"), ("b.wav", "keep")]


def test_what_cannot_be_decided_leaves_the_table_as_it_was(tmp_path):
    clip = make_clip(tmp_path)
    table = DecisionTable(tmp_path / "d.csv")
    table.decide(clip, "keep")
    before = (tmp_path / "d.csv").read_bytes()
    with pytest.raises(SettingError):
        table.decide(clip, "relabel", new_label="dog")
    with pytest.raises(SettingError):
        table.decide(clip, "delete")
    assert (tmp_path / "d.csv").read_bytes() == before


def test_a_disk_that_is_full_keeps_what_was_decided_before(tmp_path, monkeypatch):
    table = DecisionTable(tmp_path / "d.csv")
    table.decide(make_clip(tmp_path), "keep")
    before = (tmp_path / "d.csv").read_bytes()

    def full(number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(module.os, "fsync", full)
        with pytest.raises(StorageError, match="no space left"):
            table.decide(make_clip(tmp_path, "b.wav"), "drop")
        with pytest.raises(StorageError, match="no space left"):
            table.undo()
    assert (tmp_path / "d.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []
    table.undo()  # what could not be taken back then can be now
    assert not rows_of(tmp_path / "d.csv")


def test_a_table_that_is_not_ours_is_refused_and_left_alone(tmp_path):
    path = write_by_hand(tmp_path / "clips.csv", "path,label", "a.wav,dog")
    with pytest.raises(DataError, match="no table of decisions"):
        DecisionTable(path)
    assert path.read_text() == "path,label\na.wav,dog\n"


def test_what_another_program_put_there_meanwhile_stays(tmp_path):
    clips = [make_clip(tmp_path, name) for name in ("a.wav", "b.wav", "c.wav")]
    one, other = (DecisionTable(tmp_path / "d.csv") for _ in range(2))
    one.decide(clips[0], "keep")
    other.decide(clips[1], "drop")
    one.decide(clips[2], "keep")
    assert {d.name: d.action for d in one.decisions} == {"a.wav": "keep", "b.wav": "drop", "c.wav": "keep"}


def test_threads_lose_no_decision(tmp_path):
    table = DecisionTable(tmp_path / "d.csv")
    clips = [make_clip(tmp_path, f"{number}.wav") for number in range(16)]
    threads = [threading.Thread(target=table.decide, args=(clip, "drop")) for clip in clips]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {d.name for d in table.decisions} == {clip.name for clip in clips}


def test_a_decision_about_a_file_that_is_another_one_now_does_not_count(tmp_path):
    clip = make_clip(tmp_path)
    DecisionTable(tmp_path / "d.csv").decide(clip, "drop")
    assert DecisionTable(tmp_path / "d.csv").of([clip])[0] is not None
    clip.path.write_bytes(b"another sound")
    assert DecisionTable(tmp_path / "d.csv").of([clip]) == [None]


def test_a_missing_file_can_be_decided_about(tmp_path):
    gone = Clip(name="gone.wav", path=tmp_path / "gone.wav", label="dog", group="gone.wav")
    table = DecisionTable(tmp_path / "d.csv")
    assert table.decide(gone, "drop").content == ""
    assert table.of([gone])[0].action == "drop"


# ---------------------------------------------------------------- taking back


def test_taking_back_goes_back_step_by_step_to_what_was_there_before(tmp_path):
    one, two = (make_clip(tmp_path, name) for name in ("a.wav", "b.wav"))
    table = DecisionTable(tmp_path / "d.csv")
    table.decide(one, "keep")
    table.decide(two, "drop")
    table.decide(one, "drop")

    def standing():
        return [d and d.action for d in table.of([one, two])]

    assert table.undo().name == "a.wav"
    assert standing() == ["keep", "drop"]
    assert table.undo().name == "b.wav"
    assert standing() == ["keep", None]
    assert table.undo().name == "a.wav"
    assert standing() == [None, None]
    with pytest.raises(SettingError, match="no decision to take back"):
        table.undo()


def test_a_decision_of_an_earlier_sitting_is_taken_back_the_latest_first(tmp_path):
    made = [
        Decision(name="a.wav", action="keep", decided_at="2026-01-02T00:00:00Z"),
        Decision(name="b.wav", action="drop", decided_at="2026-01-01T00:00:00Z"),
    ]
    write_decisions(tmp_path / "d.csv", made)
    table = DecisionTable(tmp_path / "d.csv")
    assert [table.undo().name for _ in made] == ["a.wav", "b.wav"]


def test_nothing_that_somebody_else_decided_is_taken_back(tmp_path):
    clip = make_clip(tmp_path)
    one, other = (DecisionTable(tmp_path / "d.csv") for _ in range(2))
    one.decide(clip, "keep")
    other.decide(clip, "drop")
    with pytest.raises(SettingError, match="decided anew elsewhere"):
        one.undo()
    assert [d.action for d in one.decisions] == ["drop"]


@pytest.mark.slow
@settings(max_examples=20)
@given(steps=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["keep", "drop", "undo"])), max_size=12))
def test_the_table_is_always_what_a_list_of_steps_says(steps, folder):
    (folder / "steps.csv").unlink(missing_ok=True)
    clips = [make_clip(folder, f"{number}.wav") for number in range(3)]
    table = DecisionTable(folder / "steps.csv")
    history = [{}]
    for which, step in steps:
        if step == "undo":
            if len(history) > 1:
                table.undo()
                history.pop()
        else:
            table.decide(clips[which], step)
            history.append(history[-1] | {which: step})
    expected = [history[-1].get(which) for which in range(3)]
    assert [d and d.action for d in DecisionTable(folder / "steps.csv").of(clips)] == expected
