"""The course of a training for TensorBoard, written as it goes on."""

import time
from pathlib import Path
from typing import Any, Self

from earmark._util.optional import import_extra
from earmark.errors import StorageError
from earmark.train.history import Epoch

_EXTRA = "tensorboard"
_SUFFIX = ".earmark"


class Board:
    """Writes loss, accuracy, learning rate and time of each epoch where TensorBoard finds them.

    It is what `train_network` takes as `on_epoch`, and a context manager: leaving it closes the file. An epoch that is
    in the folder already is not written again, so a resumed training goes on where it was.

    Args:
        folder: Where the events lie: new, empty, or with `resume` or `overwrite` those of another training.
        resume: Whether the training that is there goes on.
        overwrite: Whether the events that are there, if earmark wrote them, are thrown away.

    Raises:
        MissingExtraError: TensorBoard is not installed.
        StorageError: The folder holds events, or cannot be written.
    """

    def __init__(self, folder: str | Path, *, resume: bool = False, overwrite: bool = False) -> None:
        self._folder = Path(folder)
        self._event: Any = import_extra("tensorboard.compat.proto.event_pb2", _EXTRA).Event
        self._summary: Any = import_extra("tensorboard.compat.proto.summary_pb2", _EXTRA).Summary
        self._begin: Any = import_extra("tensorboard.summary.writer.event_file_writer", _EXTRA).EventFileWriter
        self._resume = resume
        self._writer: Any = None  # until there is something to write: a training that cannot begin clears nothing away
        self._written: set[int] = set()
        files = self._files()
        if files and not resume and not (overwrite and all(path.name.endswith(_SUFFIX) for path in files)):
            hint = "name another folder" if overwrite else "name another folder, or give --overwrite"
            raise StorageError(f"{self._folder} holds the events of another training: {hint}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(self, epoch: Epoch) -> None:
        """Write one epoch, if it is not there yet.

        Args:
            epoch: What happened in it.

        Raises:
            StorageError: The folder cannot be written.
        """
        if self._writer is None:
            self._open()
        if epoch.epoch in self._written:
            return
        # One event an epoch: what is cut off while it is written is there as a whole or not at all.
        values = [self._summary.Value(tag=tag, simple_value=value) for tag, value in _scalars(epoch).items()]
        summary = self._summary(value=values)
        self._writer.add_event(self._event(wall_time=time.time(), step=epoch.epoch, summary=summary))
        self._writer.flush()
        self._written.add(epoch.epoch)

    def close(self) -> None:
        """Write what is left, and close the file."""
        if self._writer is not None:
            self._writer.close()

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("events.out.tfevents.*"))

    def _open(self) -> None:
        try:
            for path in self._files():
                if self._resume:
                    self._written.update(_steps(path))
                else:
                    path.unlink()
            self._writer = self._begin(str(self._folder), filename_suffix=_SUFFIX)
        except OSError as error:
            raise StorageError(f"cannot write {self._folder}: {(error.strerror or str(error)).lower()}") from error


def _scalars(epoch: Epoch) -> dict[str, float]:
    values = {
        "loss/training": epoch.train_loss,
        "loss/validation": epoch.validation_loss,
        "accuracy/training": epoch.train_accuracy,
        "accuracy/validation": epoch.validation_accuracy,
        "learning rate": epoch.learning_rate,
        "seconds/epoch": epoch.time_s,
        "seconds/data": epoch.data_s,
    }
    return {tag: value for tag, value in values.items() if value is not None}


def _steps(path: Path) -> list[int]:
    loading = import_extra("tensorboard.backend.event_processing.event_file_loader", _EXTRA)
    return [event.step for event in loading.LegacyEventFileLoader(str(path)).Load() if event.HasField("summary")]
