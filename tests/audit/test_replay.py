"""Decisions carried out on a data set, on fresh copies of it, and compared."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.audit.decisions import Decision, DecisionTable
from earmark.audit.findings import clip_address
from earmark.audit.replay import apply_decisions, diff_decisions, replay, write_clips
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.open import open_dataset
from earmark.errors import DataError


@pytest.fixture
def make(tmp_path):
    """Write files with some content each, and return them as a data set: ``{"dog/a.wav": b"1"}``."""

    def call(contents, root="data"):
        clips = []
        for name, content in contents.items():
            path = tmp_path / root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            clips.append(Clip(name=name, path=path, label=name.split("/")[0], group=name))
        return Dataset(clips, tmp_path / root)

    return call


def decide(dataset, verdicts, folder):
    """Return the decisions of a person: ``{"dog/a.wav": "drop", "dog/b.wav": "rain"}``, where a label relabels."""
    table = DecisionTable(folder / "d.csv")
    for clip in dataset:
        said = verdicts.get(clip_address(clip))
        if said in {"keep", "drop"}:
            table.decide(clip, said)
        elif said:
            table.decide(clip, "relabel", new_label=said)
    return table.decisions


def standing(dataset):
    return {clip.name: clip.label for clip in dataset}


FILES = {"dog/a.wav": b"1", "dog/b.wav": b"2", "rain/c.wav": b"3", "rain/d.wav": b"4"}
VERDICTS = {"dog/a.wav": "drop", "dog/b.wav": "rain", "rain/c.wav": "keep"}


def test_drop_relabel_and_keep_do_what_they_say_and_say_so(make, tmp_path):
    dataset = make(FILES)
    done = replay(dataset, decide(dataset, VERDICTS, tmp_path))

    assert standing(done.dataset) == {"dog/b.wav": "rain", "rain/c.wav": "rain", "rain/d.wav": "rain"}
    assert (done.dropped, done.relabelled, done.kept) == (("dog/a.wav",), ("dog/b.wav",), ("rain/c.wav",))
    assert [clip.extra.get("review") for clip in done.dataset] == ["relabelled from dog", "kept", None]
    assert done.dataset.notes == (
        "1 clip was dropped by review: dog/a.wav",
        "1 clip was relabelled by review: dog/b.wav",
    )
    assert standing(dataset) == {name: name.split("/")[0] for name in FILES}  # what was received is as it was


def test_a_fresh_copy_elsewhere_under_other_names_is_known_by_its_content(make, tmp_path):
    decisions = decide(make(FILES), VERDICTS, tmp_path)
    copy = make({"dog/x1.wav": b"1", "dog/x2.wav": b"2", "rain/x3.wav": b"3", "rain/x4.wav": b"4"}, root="copy")
    done = replay(copy, decisions)
    assert standing(done.dataset) == {"dog/x2.wav": "rain", "rain/x3.wav": "rain", "rain/x4.wav": "rain"}
    assert not done.strangers


def test_names_that_were_swapped_do_not_mislead_it(make, tmp_path):
    decisions = decide(make(FILES), {"dog/a.wav": "drop"}, tmp_path)
    swapped = make({**FILES, "dog/a.wav": b"2", "dog/b.wav": b"1"}, root="copy")
    assert replay(swapped, decisions).dropped == ("dog/b.wav",)


def test_another_sound_under_the_name_is_left_alone_and_told(make, tmp_path):
    decisions = decide(make(FILES), {"dog/a.wav": "drop"}, tmp_path)
    done = replay(make({**FILES, "dog/a.wav": b"new"}, root="copy"), decisions)
    assert len(done.dataset) == len(FILES)
    assert [decision.name for decision in done.strangers] == ["dog/a.wav"]
    assert "1 decision was not carried out, as no clip here has the sound that was judged: dog/a.wav" in (
        done.dataset.notes
    )


def test_of_two_equal_sounds_the_one_that_was_judged_is_dropped(make, tmp_path):
    twins = make({"dog/a.wav": b"same", "dog/b.wav": b"same", "rain/c.wav": b"3"})
    assert replay(twins, decide(twins, {"dog/b.wav": "drop"}, tmp_path)).dropped == ("dog/b.wav",)


def test_of_two_equal_sounds_under_new_names_the_one_of_the_same_label_is_dropped(make, tmp_path):
    twins = make({"dog/a.wav": b"same", "rain/b.wav": b"same"})
    decisions = decide(twins, {"rain/b.wav": "drop"}, tmp_path)
    copy = make({"dog/1.wav": b"same", "rain/2.wav": b"same"}, root="copy")
    assert replay(copy, decisions).dropped == ("rain/2.wav",)


def test_one_decision_is_carried_out_once_however_many_copies_there_are(make, tmp_path):
    decisions = decide(make({"dog/a.wav": b"same", "rain/b.wav": b"2"}), {"dog/a.wav": "drop"}, tmp_path)
    copies = make({"dog/1.wav": b"same", "dog/2.wav": b"same", "rain/3.wav": b"2"}, root="copy")
    assert len(replay(copies, decisions).dropped) == 1


def test_a_stretch_is_not_taken_for_another_of_its_file(make, tmp_path):
    whole = make({"dog/a.wav": b"1"})[0]
    stretches = [replace(whole, start_s=start, end_s=start + 1) for start in (0.0, 1.0, 2.0)]
    dataset = Dataset(stretches, tmp_path)
    done = replay(dataset, decide(dataset, {"dog/a.wav#t=1,2": "drop"}, tmp_path))
    assert done.dropped == ("dog/a.wav#t=1,2",)
    moved = Dataset([replace(clip, name="dog/z.wav") for clip in stretches], tmp_path)
    assert replay(moved, decide(dataset, {}, tmp_path)).dropped == ("dog/z.wav#t=1,2",)


def test_a_decision_by_hand_goes_by_the_name_alone(make):
    done = replay(make(FILES), [Decision(name="dog/a.wav", action="drop"), Decision(name="dog/zz.wav", action="drop")])
    assert done.dropped == ("dog/a.wav",)
    assert [decision.name for decision in done.strangers] == ["dog/zz.wav"]


def test_a_label_that_changed_since_is_told(make):
    decision = Decision(name="dog/a.wav", action="keep", label="cat")
    assert "1 clip has another label than when judged: dog/a.wav (dog, judged as cat)" in (
        apply_decisions(make(FILES), [decision]).notes
    )


def test_carrying_out_twice_changes_no_more(make, tmp_path):
    dataset = make(FILES)
    decisions = decide(dataset, VERDICTS, tmp_path)
    once = apply_decisions(dataset, decisions)
    again = replay(once, decisions)
    assert standing(again.dataset) == standing(once)
    assert not again.dropped


def test_a_data_set_of_which_nothing_is_left_is_refused(make):
    with pytest.raises(DataError, match="all 1 clip were dropped"):
        apply_decisions(make({"dog/a.wav": b"1"}), [Decision(name="dog/a.wav", action="drop")])


# ---------------------------------------------------------------- the table of what is left


@pytest.mark.parametrize("place", ["clean.csv", "data/clean.csv", "deep/er/clean.csv"])
def test_the_table_opens_as_the_data_set_that_it_was_made_of(make, tmp_path, place):
    dataset = make(FILES)
    clips = [
        replace(dataset[0], fold=2, group="g1", extra={"artist": "Ann, B."}),
        replace(dataset[1], start_s=0.5, end_s=1.25),
        *dataset[2:],
    ]
    done = apply_decisions(replace(dataset, clips=clips), [Decision(name="dog/b.wav", action="keep")])
    done = replace(done, clips=[replace(clip, fold=1) if clip.fold is None else clip for clip in done])

    write_clips(done, tmp_path / place)

    read = open_dataset(tmp_path / place)
    assert [clip.path.resolve() for clip in read] == [clip.path for clip in done]
    for ours, theirs in zip(done, read, strict=True):
        assert (ours.label, ours.group, ours.fold) == (theirs.label, theirs.group, theirs.fold)
        assert (ours.start_s, ours.end_s) == (theirs.start_s, theirs.end_s)
        assert theirs.extra["artist"] == ours.extra.get("artist", "")
        assert theirs.extra["review"] == ours.extra.get("review", "")


def test_a_name_with_a_line_end_in_it_is_found_from_the_table(make, tmp_path):
    write_clips(make({"dog/Icon\r": b"1", "dog/b\n.wav": b"2", "rain/c.wav": b"3"}), tmp_path / "clean.csv")
    assert [clip.path.exists() for clip in open_dataset(tmp_path / "clean.csv")] == [True] * 3


@pytest.mark.parametrize("place", ["tables/clean.csv", "link/clean.csv", "link/deep/clean.csv"])
def test_links_lead_nobody_astray(make, tmp_path, place):
    make(FILES, root="far/away/data")
    (tmp_path / "data").symlink_to(tmp_path / "far" / "away" / "data")
    (tmp_path / "other" / "folder").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "other" / "folder")
    write_clips(open_dataset(tmp_path / "data"), tmp_path / place)
    assert [clip.path.exists() for clip in open_dataset(tmp_path / place)] == [True] * len(FILES)


# ---------------------------------------------------------------- comparing


def test_a_difference_says_what_either_table_says():
    before = [Decision(name=name, action="keep") for name in ("a.wav", "b.wav", "c.wav")]
    after = [
        Decision(name="c.wav", action="relabel", new_label="sea"),
        Decision(name="d.wav", action="drop"),
        Decision(name="a.wav", action="keep", decided_at="2026-01-01T00:00:00Z"),
    ]
    differences = diff_decisions(before, after)
    assert list(map(str, differences)) == [
        "b.wav: keep -> nothing",
        "c.wav: keep -> relabel to sea",
        "d.wav: nothing -> drop",
    ]
    assert differences[1].to_json() == {"clip": "c.wav", "before": "keep", "after": "relabel to sea"}


def test_the_same_sound_under_two_names_is_no_difference():
    before = [Decision(name="a.wav", action="drop", content="1" * 32)]
    after = [Decision(name="z.wav", action="drop", content="1" * 32)]
    assert not diff_decisions(before, after)
    assert diff_decisions(before, [replace(after[0], content="2" * 32)])


CONTENTS = st.sampled_from(["", *(digit * 32 for digit in "123")])
TABLES = st.lists(st.tuples(CONTENTS, st.sampled_from(["keep", "drop"])), max_size=6).map(
    lambda rows: [Decision(name=f"{n}.wav", action=act, content=key) for n, (key, act) in enumerate(rows)]
)


@settings(max_examples=40)
@given(one=TABLES)
def test_a_table_differs_in_nothing_from_itself_in_another_order(one):
    assert not diff_decisions(one, one)
    assert not diff_decisions(one, one[::-1])


@settings(max_examples=40)
@given(one=TABLES, other=TABLES)
def test_no_decision_is_compared_twice_nor_forgotten(one, other):
    differences = diff_decisions(one, other)
    before = [difference.before for difference in differences if difference.before]
    after = [difference.after for difference in differences if difference.after]
    assert len(before) == len(set(before))
    assert len(after) == len(set(after))
    assert len(one) - len(before) == len(other) - len(after)  # what is not told are pairs that say the same


def test_the_message_names_no_more_than_a_few_clips(make):
    many = make({f"dog/{number}.wav": str(number).encode() for number in range(20)})
    notes = apply_decisions(many, [Decision(name=f"dog/{number}.wav", action="drop") for number in range(12)]).notes
    assert re.fullmatch(r"12 clips were dropped by review: .* and 7 more", notes[0])


def test_names_are_paths_from_the_root_and_not_of_this_machine(make, tmp_path):
    write_clips(make(FILES), tmp_path / "clean.csv")
    assert str(tmp_path) not in (tmp_path / "clean.csv").read_text()
    assert Path("data/dog/a.wav").as_posix() in (tmp_path / "clean.csv").read_text()
