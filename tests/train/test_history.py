import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.errors import StorageError
from earmark.train.history import Epoch, read_history, write_history

EPOCH = Epoch(
    epoch=1,
    train_loss=1.25,
    train_accuracy=0.5,
    validation_loss=1.125,
    validation_accuracy=0.25,
    learning_rate=1e-3,
    time_s=0.5,
)
numbers = st.floats(allow_nan=False, allow_infinity=False)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("history") / "history.jsonl"


@pytest.mark.slow
@given(
    values=st.lists(st.tuples(numbers, st.floats(0, 1), st.none() | numbers, numbers), max_size=5),
)
def test_it_comes_back_bit_for_bit(path, values):
    history = [
        Epoch(
            epoch=number,
            train_loss=loss,
            train_accuracy=accuracy,
            validation_loss=validation,
            validation_accuracy=validation,
            learning_rate=rate,
            time_s=0.25,
        )
        for number, (loss, accuracy, validation, rate) in enumerate(values, start=1)
    ]

    write_history(path, history)

    assert read_history(path) == history


def test_each_line_is_one_json_object_with_the_epoch_in_order(tmp_path):
    write_history(tmp_path / "history.jsonl", [EPOCH, replace(EPOCH, epoch=2)])

    lines = (tmp_path / "history.jsonl").read_text(encoding="utf-8").splitlines()

    assert [json.loads(line)["epoch"] for line in lines] == [1, 2]


def test_what_was_not_validated_is_null(tmp_path):
    write_history(tmp_path / "history.jsonl", [replace(EPOCH, validation_loss=None, validation_accuracy=None)])

    line = json.loads((tmp_path / "history.jsonl").read_text(encoding="utf-8"))

    assert line["validation_loss"] is None
    assert line["validation_accuracy"] is None


def test_no_file_is_an_empty_history(tmp_path):
    assert read_history(tmp_path / "history.jsonl") == []


def test_a_longer_history_is_replaced_by_a_shorter_one(tmp_path):
    write_history(tmp_path / "history.jsonl", [EPOCH, replace(EPOCH, epoch=2)])
    write_history(tmp_path / "history.jsonl", [EPOCH])

    assert read_history(tmp_path / "history.jsonl") == [EPOCH]


@pytest.mark.parametrize("text", ["{", '{"epoch": 1}\n', "[1, 2]\n", "7\n", "\xff"])
def test_a_damaged_history_is_one_line_that_names_the_file(tmp_path, text):
    path = tmp_path / "history.jsonl"
    path.write_bytes(text.encode("latin-1"))

    with pytest.raises(StorageError, match=r"history\.jsonl") as caught:
        read_history(path)

    assert "\n" not in str(caught.value)


def test_the_sentence_tells_the_validation_only_where_there_is_one():
    assert EPOCH.sentence() == "loss 1.25 validation 1.12 accuracy 0.25"
    assert replace(EPOCH, validation_loss=None, validation_accuracy=None).sentence() == "loss 1.25 accuracy 0.50"


def test_an_epoch_that_waited_for_its_data_says_so_in_the_history_and_in_its_sentence(tmp_path):
    path = tmp_path / "history.jsonl"
    waiting = replace(EPOCH, epoch=2, data_s=0.3)
    write_history(path, [EPOCH, waiting])

    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    assert "waits_for_data" not in lines[0]
    assert lines[1]["waits_for_data"] is True
    assert read_history(path) == [EPOCH, waiting]
    assert waiting.sentence().endswith("(waits for data)")
