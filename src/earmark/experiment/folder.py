"""The run folder: what a training leaves behind, and how to read it again."""

import csv
import json
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark._util.files import write_json, write_text, write_whole
from earmark.errors import StorageError
from earmark.evaluate.scorecard import Scorecard
from earmark.experiment.config import RunConfig, load_config, make_config
from earmark.experiment.networks import give_network
from earmark.inference.bundle import is_bundle
from earmark.train.history import Epoch, read_history, write_history


@dataclass(frozen=True)
class RunFolder:
    """The files of one run.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def config_path(self) -> Path:
        """The resolved configuration: training with it again gives the same run."""
        return self.path / "config.toml"

    @property
    def scorecard_path(self) -> Path:
        """The scores. It is written last but for the report: a run that has it is finished."""
        return self.path / "scorecard.json"

    @property
    def audit_path(self) -> Path:
        """What the quick checks of the data found."""
        return self.path / "audit.json"

    @property
    def history_path(self) -> Path:
        """One JSON object an epoch."""
        return self.path / "history.jsonl"

    @property
    def checkpoint_path(self) -> Path:
        """The state of a training that goes on; gone when it is finished."""
        return self.path / "checkpoint.safetensors"

    @property
    def bundle_path(self) -> Path:
        """The classifier."""
        return self.path / "bundle"

    @property
    def baseline_path(self) -> Path:
        """The support-vector machine that every scorecard shows beside the network, as a bundle."""
        return self.path / "baseline"

    @property
    def answers_path(self) -> Path:
        """What the classifier says of the segments of the test part."""
        return self.path / "answers.safetensors"

    @property
    def baseline_answers_path(self) -> Path:
        """What the baseline says of them."""
        return self.path / "baseline-answers.safetensors"

    @property
    def report_path(self) -> Path:
        """The page that can be sent to somebody."""
        return self.path / "report.html"

    @property
    def is_run(self) -> bool:
        """Whether a run was begun here: whether there is a configuration that names a front end and a network."""
        try:
            return {"front_end", "network"} <= load_config(self.config_path).keys()
        except StorageError:
            return False

    @property
    def is_finished(self) -> bool:
        """Whether the run got to its scores."""
        return self.scorecard_path.exists()

    @property
    def was_interrupted(self) -> bool:
        """Whether the run got to its scores with a training that was cut off, which can be taken up again."""
        try:
            return self.read_environment().get("training_ended") == "interrupted"
        except StorageError:
            return False

    def fold(self, number: int) -> "RunFolder":
        """Return the run of one fold of a cross-validation."""
        return RunFolder(self.path / f"fold-{number}")

    def claim(self, *, overwrite: bool, resume: bool) -> None:
        """Make sure that a run may write here.

        Args:
            overwrite: Whether a run that is here may be thrown away, which `clear` does. Other files never are.
            resume: Whether an unfinished run may be taken up.

        Raises:
            StorageError: The folder holds a run, or files that are not a run's.
        """
        if self.path.exists() and not self.path.is_dir():
            raise StorageError(f"{self.path} is a file: a run needs a folder")
        if not self.path.exists() or not any(self.path.iterdir()):
            return
        if not self.is_run:
            raise StorageError(f"{self.path} holds files that are not a run's: give another folder with -o")
        if overwrite:
            return
        if not resume:
            raise StorageError(
                f"{self.path} holds a run already: give another folder with -o, or --overwrite to replace it, or "
                "--resume to finish it"
            )
        if self.is_finished and not self.was_interrupted:
            raise StorageError(f"the run in {self.path} is finished: there is nothing to resume")

    @contextmanager
    def replacement(self) -> Iterator["RunFolder"]:
        """Yield a folder beside this one for a run that takes this one's place when the block ends without an error.

        Until then nothing of the run that is here is touched; files that are not a run's stay.

        Raises:
            StorageError: The folder cannot be written.
        """
        beside = RunFolder(self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}.part"))
        try:
            yield beside
            self.clear()
            for path in beside.path.iterdir():
                path.replace(self.path / path.name)
        except OSError as error:
            raise StorageError(f"cannot replace the run in {self.path}: {error.strerror or error}") from error
        finally:
            shutil.rmtree(beside.path, ignore_errors=True)

    def clear(self) -> None:
        """Throw away the run that is here; other files stay."""
        for bundle in (self.bundle_path, self.baseline_path):
            if is_bundle(bundle):
                shutil.rmtree(bundle)
        for fold in map(RunFolder, sorted(self.path.glob("fold-*"))):
            if fold.is_run:
                fold.clear()
                with suppress(OSError):  # somebody's own files lie in it too
                    fold.path.rmdir()
        for name in reversed(_FILES):  # the configuration last: what is cut off here still is a run
            (self.path / name).unlink(missing_ok=True)

    def read_config(self, *, network: object = None) -> RunConfig:
        """Return the configuration of the run.

        Args:
            network: The network, where it is the user's own: the file knows its path alone, which is enough to look at
                the run, and too little to train with the configuration.

        Raises:
            StorageError: There is none.
            SettingError: It is of another version, or of another network than the one that is given.
        """
        self.require()
        config = make_config(load_config(self.config_path))
        return config if network is None else give_network(config, network)

    def require(self) -> None:
        """Make sure that there is a run.

        Raises:
            StorageError: There is none here.
        """
        if not self.is_run:
            raise StorageError(f"{self.path} is not a run folder: it holds no {self.config_path.name}")

    def write_environment(self, environment: dict[str, Any]) -> None:
        """Write on what the run was made."""
        write_json(self.path / "environment.json", environment)

    def read_environment(self) -> dict[str, Any]:
        """Return on what the run was made."""
        return _read_json(self.path / "environment.json")

    def write_history(self, history: Sequence[Epoch]) -> None:
        """Write what happened in each epoch."""
        write_history(self.history_path, history)

    def read_history(self) -> list[Epoch]:
        """Return what happened in each epoch."""
        return read_history(self.history_path)

    def write_table(self, name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write a table such as ``split.csv``, ``predictions.csv`` or ``sounds.csv``."""
        with write_whole(self.path / name) as part, part.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(header)
            writer.writerows(rows)

    def read_table(self, name: str) -> list[dict[str, str]]:
        """Return the rows of a table.

        Raises:
            StorageError: The table is not there.
        """
        try:
            with (self.path / name).open(newline="", encoding="utf-8") as stream:
                return list(csv.DictReader(stream))
        except OSError as error:
            raise StorageError(f"the run {self.path} has no {name}: it is not finished") from error

    def read_scorecard(self) -> Scorecard:
        """Return the scores.

        Raises:
            StorageError: The run is not finished.
        """
        return Scorecard.load(self.scorecard_path)

    def write_text(self, name: str, text: str) -> None:
        """Write a text file into the folder."""
        write_text(self.path / name, text)


_FILES = (
    "config.toml",
    "environment.json",
    "history.jsonl",
    "split.csv",
    "predictions.csv",
    "folds.csv",
    "sounds.csv",
    "answers.safetensors",
    "baseline-answers.safetensors",
    "scorecard.json",
    "checkpoint.safetensors",
    "report.html",
    "card.md",
    "audit.json",
    "epochs.png",
    "confusion.png",
)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(f"{path} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise StorageError(f"{path} cannot be read: it holds no JSON object")
    return value
