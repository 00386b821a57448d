import os
import sys
import time
from dataclasses import replace

import pytest

from earmark.errors import MissingExtraError, StorageError
from earmark.train.board import Board
from earmark.train.history import Epoch

loading = pytest.importorskip("tensorboard.backend.event_processing.event_file_loader")

EPOCHS = [
    Epoch(
        epoch=number,
        train_loss=2.0 / number,
        train_accuracy=0.25,
        validation_loss=1.0,
        validation_accuracy=0.5,
        learning_rate=1e-3,
        time_s=1.5,
        data_s=0.5,
    )
    for number in (1, 2, 3, 4)
]


def events(folder):
    """Return the values of each event that is in the folder, in the order of writing, by an oracle's reader."""
    found = []
    for path in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns):
        written = [event for event in loading.LegacyEventFileLoader(str(path)).Load() if event.HasField("summary")]
        found += [(event.step, {value.tag: value.simple_value for value in event.summary.value}) for event in written]
    return found


def write(folder, epochs, **options):
    with Board(folder, **options) as board:
        for epoch in epochs:
            board(epoch)


def test_every_number_of_every_epoch_is_there(tmp_path):
    write(tmp_path, EPOCHS)
    assert [step for step, _ in events(tmp_path)] == [1, 2, 3, 4]
    assert events(tmp_path)[3][1] == pytest.approx(
        {
            "loss/training": 0.5,
            "loss/validation": 1.0,
            "accuracy/training": 0.25,
            "accuracy/validation": 0.5,
            "learning rate": 1e-3,
            "seconds/epoch": 1.5,
            "seconds/data": 0.5,
        }
    )


def test_an_epoch_can_be_read_before_the_training_is_over(tmp_path):
    with Board(tmp_path) as board:
        board(EPOCHS[0])
        assert [step for step, _ in events(tmp_path)] == [1]


def test_what_was_not_validated_is_left_out(tmp_path):
    write(tmp_path, [replace(EPOCHS[0], validation_loss=None, validation_accuracy=None)])
    assert not any("validation" in tag for tag in events(tmp_path)[0][1])


def test_a_resumed_training_writes_no_epoch_twice_and_what_is_missing(tmp_path):
    write(tmp_path, EPOCHS[1:3])
    write(tmp_path, EPOCHS, resume=True)
    assert sorted(step for step, _ in events(tmp_path)) == [1, 2, 3, 4]


def test_an_epoch_that_was_cut_off_while_it_was_written_is_written_again(tmp_path):
    write(tmp_path, EPOCHS[:2])
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-7])
    write(tmp_path, EPOCHS[:2], resume=True)
    assert sorted(step for step, _ in events(tmp_path)) == [1, 2]


def test_the_events_of_another_training_are_not_mixed_with(tmp_path):
    write(tmp_path, EPOCHS)
    with pytest.raises(StorageError, match="holds the events of another training"):
        Board(tmp_path)
    assert len(events(tmp_path)) == 4


def test_overwriting_clears_away_our_own_events_and_only_when_there_are_new_ones(tmp_path):
    write(tmp_path, EPOCHS)
    write(tmp_path, [], overwrite=True)
    assert len(events(tmp_path)) == 4
    write(tmp_path, EPOCHS[:1], overwrite=True)
    assert [step for step, _ in events(tmp_path)] == [1]


def test_the_events_of_others_are_never_cleared_away(tmp_path):
    theirs = tmp_path / "events.out.tfevents.1.host"
    theirs.write_bytes(b"theirs")
    with pytest.raises(StorageError, match="name another folder"):
        Board(tmp_path, overwrite=True)
    assert theirs.read_bytes() == b"theirs"


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with Board(tmp_path / "file" / "events") as board, pytest.raises(StorageError, match="cannot write"):
        board(EPOCHS[0])


def test_without_tensorboard_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.summary.writer.event_file_writer", None)
    with pytest.raises(MissingExtraError, match=r"earmark\[tensorboard\]"):
        Board(tmp_path)


def test_the_time_of_an_event_is_that_of_its_writing(tmp_path):
    before = time.time()
    write(tmp_path, EPOCHS[:1])
    (path,) = tmp_path.iterdir()
    times = [event.wall_time for event in loading.LegacyEventFileLoader(os.fspath(path)).Load()]
    assert before <= times[-1] <= time.time()
