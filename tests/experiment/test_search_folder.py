import json
from dataclasses import asdict, replace

import pytest

from earmark.errors import StorageError, TrainingError
from earmark.experiment.search import Trial
from earmark.experiment.search_folder import (
    KIND,
    SearchState,
    claim_search,
    clear_search,
    read_search,
    read_state,
    refuse_other_settings,
)

TRIAL = Trial(number=1, tried={"train.patience": 3}, state="complete", accuracy=0.5, log_loss=1.0, course=(0.25, 0.5))
STATE = SearchState(
    tables={"data": {"path": "a"}},
    search=["train.patience=1..9"],
    n_inner=None,
    key="0" * 32,
    trials=(TRIAL,),
)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "search"
    place.mkdir()
    (place / "tuning.json").write_text(json.dumps({"kind": KIND, "state": asdict(STATE)}))
    return place


def test_the_state_comes_back_as_it_was(folder):
    assert read_state(folder) == STATE
    assert read_search(folder) == (STATE.tables, STATE.search, None)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kind": "tuning"}', '{"kind": "tuning", "state": {"trials": [1]}}'])
def test_a_damaged_state_is_one_line(folder, text):
    (folder / "tuning.json").write_text(text)
    with pytest.raises(StorageError, match=r"tuning\.json cannot be read") as caught:
        read_state(folder)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_new_or_empty_may_be_written_to(tmp_path):
    assert claim_search(tmp_path / "new", overwrite=False, resume=False) is None
    assert claim_search(tmp_path, overwrite=False, resume=True) is None


def test_a_search_is_replaced_or_gone_on_with_only_when_told(folder):
    with pytest.raises(StorageError, match="--overwrite to replace it, or --resume"):
        claim_search(folder, overwrite=False, resume=False)
    assert claim_search(folder, overwrite=False, resume=True) == STATE
    assert claim_search(folder, overwrite=True, resume=False) is None


def test_what_is_not_a_search_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(StorageError, match="not a search's"):
            claim_search(tmp_path, overwrite=overwrite, resume=not overwrite)
    with pytest.raises(StorageError, match="is a file"):
        claim_search(tmp_path / "mine.txt", overwrite=True, resume=False)
    with pytest.raises(StorageError, match="is no search"):
        read_search(tmp_path)


def test_clearing_leaves_what_is_somebody_elses(folder):
    (folder / "notes.txt").write_text("mine")
    clear_search(folder)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"tables": {"data": {"path": "a"}, "seed": 3}}, "seed is 0 there and 3 here"),
        ({"search": ["train.patience=1..5"]}, "--search is train.patience=1..9 there and train.patience=1..5 here"),
        ({"n_inner": 5}, "--inner-folds is None there and 5 here"),
        ({"key": "1" * 32}, "begun with other sounds"),
    ],
)
def test_other_settings_are_named_and_other_sounds_told(folder, change, told):
    refuse_other_settings(folder, STATE, replace(STATE, trials=()))
    with pytest.raises(TrainingError) as caught:
        refuse_other_settings(folder, STATE, replace(STATE, **change))
    assert told in str(caught.value)
