from pathlib import Path

import numpy as np
import pytest

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.errors import SettingError
from earmark.features.interchange.catalogue import FORMATS, format_of, holds_features, open_features
from earmark.features.interchange.table import FeatureTable


def features(root):
    clips = [
        Clip(name=f"{label}{n}.wav", path=root, label=label, group=f"{label}{n}") for label in "ab" for n in (1, 2)
    ]
    arrays = [np.full((2, 5, 7), index, dtype=np.float32) for index in range(4)]
    return FeatureTable(dataset=Dataset(clips, root), arrays=arrays)


def pictures(root):
    table = features(root)
    arrays = [np.full((300, 600, 4), 40 * index, dtype=np.uint8) for index in range(4)]
    return FeatureTable(dataset=table.dataset, arrays=arrays, is_pictures=True)


@pytest.mark.parametrize("name", FORMATS)
def test_each_says_in_a_few_words_what_it_is(name):
    assert 10 < len(FORMATS[name].SUMMARY) < 120
    assert "\n" not in FORMATS[name].SUMMARY


@pytest.mark.parametrize(("name", "suffix"), [("store", ""), ("json", ".json"), ("tfrecord", "")])
def test_features_that_were_written_are_found_and_read(tmp_path, name, suffix):
    table = features(tmp_path)
    FORMATS[name].write(tmp_path / f"out{suffix}", table)
    again = open_features(tmp_path / f"out{suffix}")
    assert sorted({clip.label for clip in again.dataset}) == ["a", "b"]
    np.testing.assert_array_equal(np.sort(np.concatenate(list(again.arrays)), axis=0), np.concatenate(table.arrays))


@pytest.mark.parametrize("name", ["pictures", "tfrecord"])
def test_pictures_that_were_written_are_found_and_read(tmp_path, name):
    table = pictures(tmp_path)
    FORMATS[name].write(tmp_path / "out", table)
    again = open_features(tmp_path / "out")
    assert again.is_pictures
    for clip, array in zip(again.dataset, again.arrays, strict=True):
        index = next(i for i, own in enumerate(table.dataset) if Path(own.name).stem in clip.name)
        np.testing.assert_array_equal(array, table.arrays[index])


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_that_is_there_is_overwritten_without_being_told(tmp_path, name):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    table = pictures(tmp_path) if name == "pictures" else features(tmp_path)
    out = tmp_path / "taken"
    out.write_text("mine")
    with pytest.raises(Exception, match="taken"):
        FORMATS[name].write(out, table)
    assert out.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_sounds_and_nothing_at_all_are_no_features(tmp_path, sounds):
    assert open_features(sounds.folder({"dog": 1, "rain": 1})) is None
    assert open_features(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    ("name", "expected"), [("a.json", "json"), ("b.NPZ", "numpy"), ("c.parquet", "parquet"), ("store", "store")]
)
def test_the_suffix_says_the_format(name, expected):
    assert format_of(Path(name)) == expected


def test_a_suffix_of_no_format_is_refused_with_those_known():
    with pytest.raises(SettingError, match=r"\.csv.*known: \.json, \.npz"):
        format_of(Path("data.csv"))


def test_whether_there_are_features_is_known_without_reading_them(tmp_path, sounds):
    (tmp_path / "data.json").write_text("{")
    assert holds_features(tmp_path / "data.json")
    assert not holds_features(sounds.folder({"dog": 1, "rain": 1}))
    assert not holds_features(tmp_path / "nowhere")
