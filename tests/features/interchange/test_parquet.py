import builtins
import importlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from earmark.audio.segments import Segments
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.errors import DataError, MissingExtraError, SettingError, StorageError
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import Recipe
from earmark.features.interchange import parquet
from earmark.features.interchange.table import FeatureTable
from earmark.features.recipe import recipe_from_json

pyarrow = pytest.importorskip("pyarrow", reason="pyarrow comes with the extra 'parquet'")
reader = pytest.importorskip("pyarrow.parquet")


def make_table(arrays, labels=None, folds=None, **kwargs):
    labels = labels or ["dog"] * len(arrays)
    clips = [
        Clip(name=f"{label}/ü{index}.wav", path=Path("x"), label=label, group=f"g{index % 2}", fold=fold)
        for index, (label, fold) in enumerate(zip(labels, folds or [None] * len(labels), strict=True))
    ]
    return FeatureTable(dataset=Dataset(clips, Path()), arrays=arrays, **kwargs)


def random_arrays(*n_segments, shape=(3, 5)):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(n, *shape)).astype(np.float32) for n in n_segments]


def test_a_row_stands_for_a_segment(tmp_path):
    arrays = random_arrays(2, 1, 3)
    parquet.write(tmp_path / "data.parquet", make_table(arrays, ["rain", "dog", "雨"], folds=[2, None, 1]))

    rows = reader.read_table(tmp_path / "data.parquet").to_pydict()
    assert list(rows) == ["label", "label_index", "clip", "group", "fold", "segment", "features"]
    assert rows["label"] == ["rain", "rain", "dog", "雨", "雨", "雨"]
    assert rows["label_index"] == [1, 1, 0, 2, 2, 2]
    assert rows["clip"] == ["rain/ü0.wav"] * 2 + ["dog/ü1.wav"] + ["雨/ü2.wav"] * 3
    assert rows["group"] == ["g0", "g0", "g1", "g0", "g0", "g0"]
    assert rows["fold"] == [2, 2, None, 1, 1, 1]
    assert rows["segment"] == [0, 1, 0, 0, 1, 2]
    assert np.array_equal(np.array(rows["features"], dtype=np.float32), np.concatenate(arrays))


def test_the_columns_have_types_that_every_reader_has(tmp_path):
    parquet.write(tmp_path / "data.parquet", make_table(random_arrays(1)))

    schema = reader.read_schema(tmp_path / "data.parquet")
    assert [str(kind) for kind in schema.types] == [
        *("string", "int64", "string", "string", "int64", "int64"),
        "list<element: list<element: float>>",
    ]


def test_the_metadata_tell_shape_labels_and_recipe(tmp_path):
    recipe = Recipe(
        front_end="mfcc",
        settings=FRONT_ENDS["mfcc"].settings(),
        segments=Segments(length_samples=66150, hop_samples=66150),
    )
    parquet.write(tmp_path / "data.parquet", make_table(random_arrays(1, 2), ["雨", "dog"], recipe=recipe))

    about = json.loads(reader.read_schema(tmp_path / "data.parquet").metadata[b"earmark"])
    assert sorted(about) == ["labels", "recipe", "shape"]
    assert (about["shape"], about["labels"]) == ([3, 5], ["dog", "雨"])
    assert recipe_from_json(about["recipe"]) == recipe


def test_a_recipe_that_is_not_known_is_null(tmp_path):
    parquet.write(tmp_path / "data.parquet", make_table(random_arrays(1)))

    assert json.loads(reader.read_schema(tmp_path / "data.parquet").metadata[b"earmark"])["recipe"] is None


def test_pictures_are_png_as_datasets_keeps_them(tmp_path):
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (6, 8, 4), dtype=np.uint8) for _ in range(3)]
    parquet.write(tmp_path / "data.parquet", make_table(pictures, ["a", "b", "a"], is_pictures=True))

    rows = reader.read_table(tmp_path / "data.parquet").to_pydict()
    assert "features" not in rows
    assert rows["segment"] == [0, 0, 0]
    for picture, image in zip(pictures, rows["image"], strict=True):
        assert image["path"].endswith(".wav.png")
        with Image.open(io.BytesIO(image["bytes"])) as read:
            assert np.array_equal(np.asarray(read), picture)


class Lazy:
    """Arrays that are made when they are asked for, while it is noted how much pyarrow holds."""

    def __init__(self, n, shape):
        self.n = n
        self.shape = shape
        self.held = []

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        if not 0 <= index < self.n:
            raise IndexError(index)
        self.held.append(pyarrow.total_allocated_bytes())
        return np.full(self.shape, index, dtype=np.float32)


def test_rows_are_written_in_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "_ROW_GROUP_BYTES", 100_000)
    parquet.write(tmp_path / "data.parquet", make_table(Lazy(50, (10, 13, 50))))  # 26 kB each: four to a group

    file = reader.ParquetFile(tmp_path / "data.parquet")
    assert [file.metadata.row_group(index).num_rows for index in range(file.num_row_groups)] == [40] * 12 + [20]
    firsts = [row[0][0] for row in file.read().column("features").to_pylist()]
    assert firsts == [n for n in range(50) for _ in range(10)]


def test_memory_stays_flat(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "_ROW_GROUP_BYTES", 100_000)
    peaks = []
    for n in (20, 200):
        lazy = Lazy(n, (10, 13, 50))
        before = pyarrow.total_allocated_bytes()
        parquet.write(tmp_path / f"{n}.parquet", make_table(lazy))
        peaks.append(max(lazy.held) - before)

    assert 0 < peaks[1] < 1.5 * peaks[0]


def test_a_label_may_be_a_number_only(tmp_path):
    parquet.write_rows(tmp_path / "data.parquet", make_table(random_arrays(1, 1), ["rain", "dog"]), numbered=True)

    rows = reader.read_table(tmp_path / "data.parquet").to_pydict()
    assert rows["label"] == [1, 0]
    assert "label_index" not in rows


def test_pandas_reads_it_where_it_is_installed(tmp_path):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    arrays = random_arrays(2, 1)
    parquet.write(tmp_path / "data.parquet", make_table(arrays, ["rain", "dog"], folds=[1, None]))

    frame = pandas.read_parquet(tmp_path / "data.parquet")
    assert np.array_equal(np.stack([np.stack(row) for row in frame["features"]]), np.concatenate(arrays))
    assert frame["label"].tolist() == ["rain", "rain", "dog"]
    assert frame["fold"].isna().tolist() == [False, False, True]


def test_clips_cut_otherwise_are_refused_and_nothing_is_left(tmp_path):
    with pytest.raises(SettingError, match=r"ü1\.wav gives segments of 2 x 4") as caught:
        parquet.write(tmp_path / "data.parquet", make_table([np.ones((1, 2, 3)), np.ones((1, 2, 4))]))
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_table_without_clips_is_refused(tmp_path):
    with pytest.raises(DataError, match="nothing to write"):
        parquet.write(tmp_path / "data.parquet", make_table([]))
    assert list(tmp_path.iterdir()) == []


def test_a_parquet_file_is_replaced_only_when_asked(tmp_path):
    path = tmp_path / "data.parquet"
    parquet.write(path, make_table(random_arrays(1)))

    with pytest.raises(StorageError, match="--overwrite"):
        parquet.write(path, make_table(random_arrays(2)))
    assert reader.read_metadata(path).num_rows == 1
    parquet.write(path, make_table(random_arrays(2)), overwrite=True)
    assert reader.read_metadata(path).num_rows == 2


@pytest.mark.parametrize("content", ["", "a letter"])
def test_another_file_is_never_replaced(tmp_path, content):
    path = tmp_path / "data.parquet"
    path.write_text(content)

    with pytest.raises(StorageError, match="is not a Parquet file"):
        parquet.write(path, make_table(random_arrays(1)), overwrite=True)
    assert path.read_text() == content


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    def missing(name, *rest):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return builtins.__import__(name, *rest)

    monkeypatch.setattr(importlib, "import_module", missing)

    with pytest.raises(MissingExtraError, match=r"pip install 'earmark\[parquet\]'"):
        parquet.write(tmp_path / "data.parquet", make_table(random_arrays(1)))
    assert list(tmp_path.iterdir()) == []
