import dataclasses
from pathlib import Path

import numpy as np
import pytest

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.errors import DataError, SettingError
from earmark.features.interchange.table import Chosen, FeatureTable, array_key


def dataset(*labels):
    clips = [Clip(name=f"{index}.wav", path=Path("x"), label=label, group="g") for index, label in enumerate(labels)]
    return Dataset(clips, Path())


class Lazy:
    """Arrays that are counted when they are asked for."""

    def __init__(self, arrays):
        self.arrays = arrays
        self.asked = []

    def __len__(self):
        return len(self.arrays)

    def __getitem__(self, index):
        self.asked.append(index)
        return self.arrays[index]


ARRAYS = [np.full((n, 2, 3), n, dtype=np.float32) for n in (1, 3)]


@pytest.mark.parametrize("n_arrays", [0, 1, 3])
def test_an_array_belongs_to_each_clip(n_arrays):
    with pytest.raises(DataError, match=f"there are 2 clips and {n_arrays} arrays"):
        FeatureTable(dataset=dataset("dog", "rain"), arrays=[ARRAYS[0]] * n_arrays)


def test_a_table_without_clips_can_be():
    assert list(FeatureTable(dataset=dataset(), arrays=()).rows()) == []


def test_rows_come_in_the_order_of_the_clips_with_the_place_of_their_label():
    rows = list(FeatureTable(dataset=dataset("rain", "dog"), arrays=ARRAYS).rows())

    assert [(clip.name, y) for clip, y, _ in rows] == [("0.wav", 1), ("1.wav", 0)]
    assert [array is own for (_, _, array), own in zip(rows, ARRAYS, strict=True)] == [True, True]


def test_every_segment_comes_with_its_own_clip_and_label():
    segments = list(FeatureTable(dataset=dataset("rain", "dog"), arrays=ARRAYS).segments())

    assert [(clip.name, y, segment.shape) for clip, y, segment in segments] == [
        ("0.wav", 1, (2, 3)),
        *[("1.wav", 0, (2, 3))] * 3,
    ]
    assert [float(segment[0, 0]) for _, _, segment in segments] == [1, 3, 3, 3]


def test_an_array_is_asked_for_when_its_row_is_due_and_once():
    lazy = Lazy(ARRAYS)
    rows = FeatureTable(dataset=dataset("rain", "dog"), arrays=lazy).rows()

    assert lazy.asked == []
    next(rows)
    assert lazy.asked == [0]
    next(rows)
    assert lazy.asked == [0, 1]


def test_a_table_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        FeatureTable(dataset=dataset(), arrays=()).is_pictures = True


def test_equal_arrays_share_a_key_and_others_do_not():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    others = [array.T.copy(), array.reshape(3, 2), array.astype(np.int32), array + 1, array.ravel(), array[:0]]
    keys = {array_key(other) for other in others}

    assert array_key(np.asfortranarray(array)) == array_key(array.copy()) == array_key(array)
    assert len(keys) == len(others)
    assert array_key(array) not in keys
    assert len(array_key(array)) == 32


# ---------------------------------------------------------------- a part of a table


def test_the_first_clips_of_each_class_keep_their_own_arrays():
    arrays = [np.full((1, 1, 1), n, dtype=np.float32) for n in range(5)]
    table = FeatureTable(dataset=dataset("rain", "dog", "rain", "rain", "dog"), arrays=arrays, is_pictures=True)
    part = table.first_per_class(2)

    assert [(clip.name, y, float(array.item())) for clip, y, array in part.rows()] == [
        ("0.wav", 1, 0),
        ("1.wav", 0, 1),
        ("2.wav", 1, 2),
        ("4.wav", 0, 4),
    ]
    assert part.is_pictures
    assert len(table.arrays) == 5


def test_less_than_one_clip_of_each_class_is_refused():
    with pytest.raises(SettingError, match="not 0"):
        FeatureTable(dataset=dataset("dog"), arrays=ARRAYS[:1]).first_per_class(0)


def test_other_groups_leave_everything_else_as_it_was():
    table = FeatureTable(dataset=dataset("rain", "dog"), arrays=ARRAYS)
    regrouped = table.regroup(pattern=r"^\d")

    assert regrouped.dataset.groups == ("0", "1")
    assert regrouped.arrays is table.arrays
    assert table.dataset.groups == ("g", "g")


def test_chosen_arrays_are_read_when_asked_for_and_in_the_order_asked():
    lazy = Lazy(list("abcde"))
    chosen = Chosen(lazy, [3, 1, 4])

    assert lazy.asked == []
    assert (len(chosen), list(chosen), chosen[-1]) == (3, ["d", "b", "e"], "e")
    assert list(chosen[1:]) == ["b", "e"]
    with pytest.raises(IndexError):
        chosen[3]
