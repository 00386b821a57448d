import numpy as np
import pytest

from earmark.errors import StorageError
from earmark.features.store import FeatureStore
from earmark.features.stored import StoredArrays

KEYS = [f"{number:032x}" for number in range(5)]
SHAPES = [(number + 1, 13, 10) for number in range(5)]


@pytest.fixture
def store(tmp_path):
    store = FeatureStore(tmp_path / "store")
    for number, (key, shape) in enumerate(zip(KEYS, SHAPES, strict=True)):
        store.put(key, np.full(shape, number, dtype=np.float32))
    store.flush()
    return store


@pytest.fixture(params=["shapes known", "shapes not known"])
def arrays(request, store):
    return StoredArrays(store, KEYS, SHAPES if request.param == "shapes known" else None)


def test_each_array_is_the_one_kept(arrays):
    for number, shape in enumerate(SHAPES):
        np.testing.assert_array_equal(arrays[number], np.full(shape, number, dtype=np.float32))


def test_the_sequence_is_counted_walked_and_cut_like_any_other(arrays):
    assert len(arrays) == 5
    assert [len(array) for array in arrays] == [1, 2, 3, 4, 5]
    assert [len(array) for array in reversed(arrays)] == [5, 4, 3, 2, 1]
    assert [len(array) for array in arrays[1:4]] == [2, 3, 4]
    assert [array[0, 0, 0] for array in arrays[::-2]] == [4, 2, 0]
    assert len(arrays[-1]) == 5
    assert len(arrays[np.int64(2)]) == 3
    assert list(arrays[5:]) == []
    for index in (5, -6):
        with pytest.raises(IndexError):
            arrays[index]


def test_shapes_are_known_without_reading_an_array(arrays, store, monkeypatch):
    monkeypatch.setattr(store, "get", lambda key: pytest.fail("an array was read"))
    assert arrays.shapes == tuple(SHAPES)
    assert arrays[3:0:-1].shapes == tuple(SHAPES[3:0:-1])


def test_shapes_that_are_known_are_not_looked_up(store, monkeypatch):
    monkeypatch.setattr(store, "get_shape", lambda key: pytest.fail("the store was asked"))
    arrays = StoredArrays(store, KEYS, SHAPES)
    assert arrays.shapes == tuple(SHAPES)
    assert arrays[::2].shapes == tuple(SHAPES[::2])


def test_an_array_cannot_be_written_to(arrays):
    with pytest.raises(ValueError, match="read-only"):
        arrays[0][:] = 1


def test_an_array_read_twice_is_not_held(arrays):
    assert arrays[0] is not arrays[0]


def test_where_the_arrays_are_is_told(arrays, store):
    assert arrays.store is store
    assert arrays.keys == tuple(KEYS)
    assert arrays[1:3].store is store
    assert arrays[1:3].keys == tuple(KEYS[1:3])


def test_a_store_opened_anew_gives_the_same(arrays, store):
    again = StoredArrays(FeatureStore(store.folder), arrays.keys)
    for left, right in zip(arrays, again, strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("ask", [lambda arrays: arrays[1], lambda arrays: arrays.shapes, list])
def test_an_array_that_is_not_there_is_an_error_that_names_the_store(ask, store):
    missing = "f" * 32
    with pytest.raises(StorageError, match=f"the features {missing} are no longer in the store .*store: .*start again"):
        ask(StoredArrays(store, [KEYS[0], missing]))


def test_an_error_comes_only_when_the_array_is_asked_for(store):
    arrays = StoredArrays(store, [KEYS[0], "f" * 32], [SHAPES[0], (1, 13, 10)])
    assert len(arrays[0]) == 1
    assert len(arrays.shapes) == 2
    with pytest.raises(StorageError):
        arrays[1]
