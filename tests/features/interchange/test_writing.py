from pathlib import Path

import numpy as np
import pytest

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.errors import DataError, SettingError, StorageError
from earmark.features.interchange.table import FeatureTable
from earmark.features.interchange.writing import blocks, claim_file, item_shape, shown


class Told:
    def __init__(self):
        self.told = []

    def start(self, title, n_steps):
        self.told.append((title, n_steps))

    def advance(self, note=""):
        self.told.append("one more")


def table(*arrays, is_pictures=False):
    clips = [Clip(name=f"{index}.wav", path=Path("x"), label="dog", group="g") for index in range(len(arrays))]
    return FeatureTable(dataset=Dataset(clips, Path()), arrays=arrays, is_pictures=is_pictures)


def claim(path, *, overwrite=False):
    claim_file(path, is_ours=lambda file: file.read_text() == "ours", kind="a thing", overwrite=overwrite)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_place_where_nothing_is_may_be_written(tmp_path, overwrite):
    claim(tmp_path / "new" / "x", overwrite=overwrite)


def test_what_is_there_is_replaced_only_when_asked(tmp_path):
    (tmp_path / "x").write_text("ours")

    with pytest.raises(StorageError, match=r"x exists: name another file, or give --overwrite$"):
        claim(tmp_path / "x")
    claim(tmp_path / "x", overwrite=True)


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("kind", ["folder", "other"])
def test_what_is_something_else_is_never_replaced(tmp_path, kind, overwrite):
    path = tmp_path / "x"
    path.mkdir() if kind == "folder" else path.write_text("a letter")

    with pytest.raises(StorageError, match=r"is a folder|exists and is not a thing"):
        claim(path, overwrite=overwrite)


def test_what_cannot_be_read_is_never_replaced(tmp_path):
    (tmp_path / "x").touch()

    def deny(path):
        raise PermissionError(13, "Permission denied")

    with pytest.raises(StorageError, match="cannot be read: permission denied"):
        claim_file(tmp_path / "x", is_ours=deny, kind="a thing", overwrite=True)


def test_features_come_clip_by_clip_in_float32():
    arrays = [np.arange(n * 6.0).reshape(n, 2, 3) for n in (1, 2, 0)]
    found = [block for _, _, block in blocks(table(*arrays))]

    assert [block.dtype for block in found] == [np.float32] * 3
    assert all(np.array_equal(block, array) for block, array in zip(found, arrays, strict=True))


def test_a_picture_is_one_block_of_one():
    picture = np.zeros((2, 3, 4), dtype=np.uint8)
    ((_, _, block),) = blocks(table(picture, is_pictures=True))

    assert (block.shape, block.dtype) == ((1, 2, 3, 4), np.uint8)


@pytest.mark.parametrize("other", [(1, 2, 4), (1, 3, 3), (1, 3, 2), (2, 3), (1, 1, 2, 3)])
def test_segments_of_another_shape_are_refused_with_the_clip(other):
    with pytest.raises(SettingError, match=r"^1\.wav gives segments of .* and 0\.wav of 2 x 3: ") as caught:
        list(blocks(table(np.zeros((1, 2, 3)), np.zeros(other))))
    assert "\n" not in str(caught.value)


def test_segments_without_bins_and_frames_are_refused():
    with pytest.raises(SettingError, match="with 2 axes"):
        list(blocks(table(np.zeros((1, 3)))))


def test_the_shape_is_that_of_one_segment_or_picture():
    assert item_shape(table(np.zeros((5, 2, 3)))) == (2, 3)
    assert item_shape(table(np.zeros((5, 2, 4)), is_pictures=True)) == (5, 2, 4)


def test_a_table_without_clips_cannot_be_written():
    with pytest.raises(DataError, match="nothing to write"):
        list(blocks(table()))


def test_progress_is_told_of_every_clip():
    told = Told()
    list(blocks(table(np.zeros((1, 2, 3)), np.zeros((2, 2, 3))), told))

    assert told.told == [("writing", 2), "one more", "one more"]


def test_a_shape_without_axes_has_words_too():
    assert shown(()) == "a single number"
