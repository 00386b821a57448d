from pathlib import Path

from earmark.data.clip import Clip
from earmark.data.copies import copies_in, without_copies, without_tested_copies
from earmark.data.dataset import Dataset
from earmark.data.splits import Split, check_split


def clip(name, source="", group=None):
    extra = {"source": source} if source else {}
    return Clip(name=name, path=Path(name), label="a", group=group or source or name, extra=extra)


def test_copies_are_learnt_from_and_neither_validated_nor_tested():
    clips = [clip("a"), clip("a1", "a"), clip("b"), clip("b1", "b"), clip("c"), clip("c1", "c")]
    split = Split(train=(0, 1), validation=(2, 3), test=(4, 5), notes=("before",))
    dataset, parts = without_tested_copies(Dataset(clips, Path()), split)
    assert [clip.name for clip in dataset] == ["a", "a1", "b", "c"]
    assert (parts.train, parts.validation, parts.test) == ((0, 1), (2,), (3,))
    assert parts.notes == ("before", "2 augmented copies left out of the validation and test parts")
    check_split(dataset, parts)


def test_a_column_called_source_that_names_no_clip_means_something_else():
    clips = [clip("a", "microphone 1"), clip("b", "microphone 2"), clip("c", "c")]
    dataset, split = Dataset(clips, Path()), Split(train=(0,), validation=(1,), test=(2,))
    assert without_tested_copies(dataset, split) == (dataset, split)


def test_one_copy_is_one_copy():
    clips = [clip("a"), clip("b"), clip("c"), clip("c1", "c")]
    _, parts = without_tested_copies(Dataset(clips, Path()), Split(train=(0,), validation=(1,), test=(2, 3)))
    assert parts.notes == ("1 augmented copy left out of the validation and test parts",)


def test_all_copies_are_left_out_where_they_could_not_be_told_afterwards():
    clips = [clip("a"), clip("a1", "a"), clip("b"), clip("b1", "b")]
    left = without_copies(Dataset(clips, Path()))
    assert [clip.name for clip in left] == ["a", "b"]
    assert left.notes[0].startswith("2 augmented copies left out: features cannot say what is a copy")
    assert without_copies(left) is left


def test_what_augment_wrote_is_a_copy_whatever_its_source_is_called_here():
    made = Clip(name="sounds/a1.wav", path=Path("x"), label="a", group="a", extra={"source": "a.wav", "steps": "gain"})
    kept = Clip(name="sounds/a.wav", path=Path("y"), label="a", group="a", extra={"source": "", "steps": ""})
    assert copies_in(Dataset([made, kept], Path())) == {0}
