import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.errors import DataError, SettingError, StorageError
from earmark.features.interchange import numpy_file
from earmark.features.interchange.table import FeatureTable


def make_table(arrays, labels=None, folds=None, **kwargs):
    labels = labels or ["dog"] * len(arrays)
    clips = [
        Clip(name=f"{label}/ü{index}.wav", path=Path("x"), label=label, group=f"g{index % 2}", fold=fold)
        for index, (label, fold) in enumerate(zip(labels, folds or [None] * len(labels), strict=True))
    ]
    return FeatureTable(dataset=Dataset(clips, Path()), arrays=arrays, **kwargs)


def load(path):
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)


def test_numpy_reads_every_array_with_an_entry_a_segment(tmp_path):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(n, 3, 5)).astype(np.float32) for n in (2, 1, 3)]
    table = make_table(arrays, ["rain", "dog", "雨"], folds=[2, None, 1])
    numpy_file.write(tmp_path / "data.npz", table)

    data = load(tmp_path / "data.npz")
    assert sorted(data) == ["clip", "features", "fold", "group", "labels", "mapping"]
    assert data["features"].dtype == np.float32
    assert np.array_equal(data["features"], np.concatenate(arrays))
    assert (data["labels"].dtype, data["labels"].tolist()) == (np.int64, [1, 1, 0, 2, 2, 2])
    assert data["mapping"].tolist() == ["dog", "rain", "雨"]
    assert data["clip"].tolist() == ["rain/ü0.wav"] * 2 + ["dog/ü1.wav"] + ["雨/ü2.wav"] * 3
    assert data["group"].tolist() == ["g0", "g0", "g1", "g0", "g0", "g0"]
    assert (data["fold"].dtype, data["fold"].tolist()) == (np.int64, [2, 2, -1, 1, 1, 1])


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(
    st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
        lambda shape: st.lists(
            st.integers(1, 3).flatmap(lambda n: npst.arrays(np.float32, (n, *shape))), min_size=1, max_size=4
        )
    )
)
def test_the_features_are_those_that_savez_would_have_written(tmp_path_factory, arrays):
    path = tmp_path_factory.getbasetemp() / "any.npz"
    numpy_file.write(path, make_table(arrays), overwrite=True)
    np.savez(path.with_name("oracle.npz"), features=np.concatenate(arrays))

    with zipfile.ZipFile(path) as ours, zipfile.ZipFile(path.with_name("oracle.npz")) as oracle:
        assert ours.read("features.npy") == oracle.read("features.npy")
        assert ours.testzip() is None
        assert {info.compress_type for info in ours.infolist()} == {zipfile.ZIP_STORED}


def test_pictures_stay_bytes(tmp_path):
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (6, 8, 4), dtype=np.uint8) for _ in range(3)]
    numpy_file.write(tmp_path / "data.npz", make_table(pictures, ["a", "b", "a"], is_pictures=True))

    data = load(tmp_path / "data.npz")
    assert data["features"].dtype == np.uint8
    assert np.array_equal(data["features"], np.stack(pictures))
    assert data["labels"].tolist() == [0, 1, 0]


class Lazy:
    """Arrays that are made when they are asked for; where `knows` is set, with their shapes beside."""

    def __init__(self, n, shape, *, knows):
        self.n = n
        self.shape = shape
        self.asked = []
        if knows:
            self.shapes = (shape,) * n

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        if not 0 <= index < self.n:
            raise IndexError(index)
        self.asked.append(index)
        return np.full(self.shape, index, dtype=np.float32)


@pytest.mark.parametrize("knows", [True, False])
def test_memory_stays_flat(tmp_path, knows):
    lazy = Lazy(40, (10, 13, 100), knows=knows)  # 52 kB each, 2.1 MB in all
    tracemalloc.start()
    numpy_file.write(tmp_path / "data.npz", make_table(lazy))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 10 * 52_000
    assert load(tmp_path / "data.npz")["features"][:, 0, 0].tolist() == [n for n in range(40) for _ in range(10)]


def test_shapes_that_are_known_spare_a_reading(tmp_path):
    lazy = Lazy(3, (2, 3, 4), knows=True)
    numpy_file.write(tmp_path / "data.npz", make_table(lazy))

    assert lazy.asked == [0, 0, 1, 2], "the first once more, for its shape"


def test_features_that_change_meanwhile_are_refused_and_nothing_is_left(tmp_path):
    lazy = Lazy(3, (2, 3, 4), knows=True)
    lazy.shapes = ((1, 3, 4),) * 3

    with pytest.raises(SettingError, match="6 segments came where 3 were announced"):
        numpy_file.write(tmp_path / "data.npz", make_table(lazy))
    assert list(tmp_path.iterdir()) == []


def test_clips_cut_otherwise_are_refused_and_nothing_is_left(tmp_path):
    with pytest.raises(SettingError, match=r"ü1\.wav gives segments of 2 x 4") as caught:
        numpy_file.write(tmp_path / "data.npz", make_table([np.ones((1, 2, 3)), np.ones((1, 2, 4))]))
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_table_without_clips_is_refused(tmp_path):
    with pytest.raises(DataError, match="nothing to write"):
        numpy_file.write(tmp_path / "data.npz", make_table([]))
    assert list(tmp_path.iterdir()) == []


def test_an_archive_of_features_is_replaced_only_when_asked(tmp_path):
    path = tmp_path / "data.npz"
    numpy_file.write(path, make_table([np.ones((1, 2, 3))]))

    with pytest.raises(StorageError, match="--overwrite"):
        numpy_file.write(path, make_table([np.zeros((1, 2, 3))]))
    assert load(path)["features"].all()
    numpy_file.write(path, make_table([np.zeros((1, 2, 3))]), overwrite=True)
    assert not load(path)["features"].any()


@pytest.mark.parametrize("kind", ["text", "other archive", "empty"])
def test_another_file_is_never_replaced(tmp_path, kind):
    path = tmp_path / "data.npz"
    if kind == "other archive":
        np.savez(path, weights=np.ones(3))
    else:
        path.write_text("a letter" if kind == "text" else "")
    before = path.read_bytes()

    with pytest.raises(StorageError, match="is not a NumPy archive of features"):
        numpy_file.write(path, make_table([np.ones((1, 2, 3))]), overwrite=True)
    assert path.read_bytes() == before
