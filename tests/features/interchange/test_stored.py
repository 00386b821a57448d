import json

import numpy as np
import pytest

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.errors import SettingError, StorageError
from earmark.features.extract import Recipe
from earmark.features.interchange import stored
from earmark.features.interchange.table import FeatureTable
from earmark.features.mfcc import MfccSettings
from earmark.features.store import FeatureStore

RECIPE = Recipe(front_end="mfcc", settings=MfccSettings())


@pytest.fixture
def table(tmp_path):
    clips = [
        Clip(name="b/Ü 1.wav", path=tmp_path / "1.wav", label="b", group="g", fold=2, start_s=1.5, end_s=2.5),
        Clip(name="a/2.wav", path=tmp_path / "2.wav", label="a", group="h", fold=1),
        Clip(name="a/3.wav", path=tmp_path / "3.wav", label="a", group="h", fold=1),
    ]
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal((n, 13, 20)).astype(np.float32) for n in (2, 1, 3)]
    return FeatureTable(dataset=Dataset(clips, tmp_path, ("a note",)), arrays=arrays, recipe=RECIPE)


def same(one, other):
    keys = ("name", "label", "group", "fold", "start_s", "end_s")
    assert [[getattr(clip, key) for key in keys] for clip in one.dataset] == [
        [getattr(clip, key) for key in keys] for clip in other.dataset
    ]
    assert one.recipe == other.recipe
    assert one.dataset.notes == other.dataset.notes
    for array, again in zip(one.arrays, other.arrays, strict=True):
        np.testing.assert_array_equal(array, again)


def test_what_is_written_is_read(tmp_path, table):
    stored.write(tmp_path / "store", table)
    assert stored.recognises(tmp_path / "store")
    same(stored.read(tmp_path / "store"), table)


def test_a_table_whose_making_is_not_known_stays_so(tmp_path, table):
    unknown = FeatureTable(dataset=table.dataset, arrays=table.arrays)
    stored.write(tmp_path / "store", unknown)
    assert stored.read(tmp_path / "store").recipe is None


def test_writing_the_same_again_adds_nothing(tmp_path, table, monkeypatch):
    stored.write(tmp_path / "store", table)
    puts = []
    monkeypatch.setattr(FeatureStore, "put", lambda self, key, array: puts.append(key))
    stored.write(tmp_path / "store", table)
    assert not puts
    monkeypatch.undo()
    same(stored.read(tmp_path / "store"), table)


def test_arrays_that_lie_in_the_store_already_are_listed_and_not_copied(tmp_path, table, monkeypatch):
    stored.write(tmp_path / "store", table)
    again = stored.read(tmp_path / "store")
    monkeypatch.setattr(FeatureStore, "put", lambda *_: pytest.fail("an array was written again"))
    monkeypatch.setattr(FeatureStore, "get", lambda *_: pytest.fail("an array was read"))
    stored.write(tmp_path / "store", again)


def test_features_made_otherwise_are_replaced_only_when_told(tmp_path, table):
    stored.write(tmp_path / "store", table)
    other = FeatureTable(
        dataset=table.dataset,
        arrays=[array + 1 for array in table.arrays],
        recipe=Recipe(front_end="mfcc", settings=MfccSettings(hop_samples=256)),
    )
    with pytest.raises(StorageError, match="made with other settings: name another folder, or give --overwrite"):
        stored.write(tmp_path / "store", other)
    same(stored.read(tmp_path / "store"), table)
    stored.write(tmp_path / "store", other, overwrite=True)
    same(stored.read(tmp_path / "store"), other)


def test_pictures_are_refused(tmp_path, table):
    pictures = FeatureTable(dataset=table.dataset, arrays=[np.zeros((4, 4, 4), dtype=np.uint8)] * 3, is_pictures=True)
    with pytest.raises(SettingError, match="these are pictures"):
        stored.write(tmp_path / "store", pictures)
    assert not (tmp_path / "store").exists()


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path, table):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "thesis.txt").write_text("mine")
    with pytest.raises(StorageError, match="something else"):
        stored.write(tmp_path / "store", table, overwrite=True)
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["thesis.txt"]


def test_a_file_is_left_alone(tmp_path, table):
    (tmp_path / "store").write_text("mine")
    with pytest.raises(StorageError, match="is a file: a store needs a folder"):
        stored.write(tmp_path / "store", table, overwrite=True)
    assert (tmp_path / "store").read_text() == "mine"


def test_a_store_whose_making_was_cut_off_is_gone_on_with(tmp_path, table):
    FeatureStore(stored.arrays_folder(tmp_path / "store")).put("0" * 32, np.zeros(3, dtype=np.float32))
    stored.write(tmp_path / "store", table)
    same(stored.read(tmp_path / "store"), table)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[: len(text) // 2], "cannot be read"),
        (lambda text: text.replace('"schema": 1', '"schema": 2'), "has schema 2, and this version of earmark reads"),
        (lambda _: "[]", "has schema None"),
        (lambda text: text.replace('"clips"', '"clisp"'), "damaged"),
        (lambda text: text.replace('"hop_samples"', '"hop_sample"'), "damaged"),
        (lambda text: text.replace('"hop_samples": 512', '"hop_samples": 0'), "damaged"),
    ],
)
def test_a_damaged_list_is_named(tmp_path, table, damage, message):
    stored.write(tmp_path / "store", table)
    path = tmp_path / "store" / "features.json"
    path.write_text(damage(path.read_text()))
    with pytest.raises(StorageError, match=message):
        stored.read(tmp_path / "store")


def test_the_list_is_small_and_opening_reads_no_array(tmp_path, table, monkeypatch):
    stored.write(tmp_path / "store", table)
    monkeypatch.setattr(FeatureStore, "get", lambda *_: pytest.fail("an array was read"))
    assert len(stored.read(tmp_path / "store").dataset) == 3
    assert len(json.loads((tmp_path / "store" / "features.json").read_text())["clips"]) == 3


def test_a_store_that_cannot_be_written_is_an_error_and_has_no_list(tmp_path, table, monkeypatch):
    monkeypatch.setattr(FeatureStore, "flush", lambda _: False)
    with pytest.raises(StorageError, match=r"cannot write .*store"):
        stored.write(tmp_path / "store", table)
    assert not (tmp_path / "store" / "features.json").exists()
