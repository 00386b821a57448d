"""A classifier with scikit-learn's verbs, for a program or a notebook."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from earmark._util.progress import Progress
from earmark.data.dataset import Dataset
from earmark.data.splits import Split, hold_out
from earmark.errors import SettingError
from earmark.evaluate.scorecard import Scorecard
from earmark.experiment.config import RunConfig, config_of, make_config, spelled
from earmark.experiment.evaluation import evaluate_predictor, learnt_note
from earmark.experiment.fitting import fit_baseline, fit_classifier
from earmark.experiment.prepare import prepare_dataset, prepare_table
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import BadFile, describe_bad_files
from earmark.features.interchange.table import FeatureTable
from earmark.features.store import FeatureStore
from earmark.inference.predictor import Prediction, Predictor, Sound
from earmark.models.catalogue import NETWORKS
from earmark.models.device import resolve_device
from earmark.train.history import Epoch
from earmark.train.settings import TrainSettings

_LOG = logging.getLogger(__name__)


class SoundClassifier:
    """Learns from labelled sounds, and answers for others with named probabilities.

    Args:
        front_end: From waveform to features: a name of the catalogue, or settings such as
            ``MfccSettings(n_mfcc=20)``; None for the network's own choice.
        network: From features to class scores: a name of the catalogue, or settings such as
            ``CnnSettings(dropout=0.5)``.
        segments: Segments a clip of typical length is cut into; None for segments of two seconds, and whole clips for
            a network on statistics.
        segment_s: The length of a segment in seconds, in place of `segments`.
        hop_s: From the start of one segment to the next, in seconds.
        train: How the network is trained.
        validation_fraction: The share of the clips that choose the best epoch; whole groups of them.
        seed: The root of all random numbers.
        device: Where to compute: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        cache: A folder where features are kept from fit to fit; None keeps none.

    Raises:
        SettingError: A name is unknown, or a setting cannot be.
    """

    def __init__(
        self,
        *,
        front_end: str | object | None = None,
        network: str | object = "cnn",
        segments: int | None = None,
        segment_s: float | None = None,
        hop_s: float | None = None,
        train: TrainSettings | None = None,
        validation_fraction: float = 0.15,
        seed: int = 0,
        device: str = "auto",
        cache: str | Path | None = None,
    ) -> None:
        tables: dict[str, Any] = {
            "data": {"path": ""},
            "segments": {"count": segments, "segment_s": segment_s, "hop_s": hop_s},
            "network": _as_table(network, NETWORKS),
            "front_end": _as_table(front_end, FRONT_ENDS) if front_end else {},
            "split": {"validation_fraction": validation_fraction},
            "train": asdict(train or TrainSettings()),
            "seed": seed,
            "device": device,
        }
        self.config: RunConfig = make_config(tables)
        self.history: tuple[Epoch, ...] = ()
        self.bad: tuple[BadFile, ...] = ()
        self.ended = ""
        self._learnt: frozenset[str] = frozenset()
        self._store = FeatureStore(Path(cache) if cache else None)
        self._predictor: Predictor | None = None
        self._baseline: Predictor | None = None

    def fit(self, dataset: Dataset | FeatureTable, *, progress: Progress | None = None) -> Self:
        """Learn from a data set; a share of its groups chooses the best epoch.

        Files that cannot be used are left out; `bad` names them. Ctrl-C keeps the best epoch so far; `ended` then is
        ``"interrupted"``.

        Args:
            dataset: Labelled clips, none of which will be used for the score; or features or pictures of such.
            progress: What is told while it goes on.

        Raises:
            DataError: The data set cannot be used.
            SplitError: There are too few groups for a validation part.
            TrainingError: The training cannot go on.
        """
        config = self.config
        _require_dataset(dataset)
        if isinstance(dataset, FeatureTable):
            prepared = prepare_table(dataset, config, split=self._split, progress=progress)
            for note in dataset.dataset.notes:
                _LOG.warning("%s", note)
        else:
            prepared = prepare_dataset(dataset, config, split=self._split, store=self._store, progress=progress)
        fitted = fit_classifier(config, prepared, device=resolve_device(config.device), progress=progress)
        self.history, self.bad, self.ended = fitted.history, prepared.bad, fitted.ended
        self._learnt = frozenset(prepared.contents)
        if prepared.bad:
            _LOG.warning("%s", describe_bad_files(prepared.bad, len(prepared.dataset) + len(prepared.bad)))
        if fitted.ended in {"interrupted", "diverged"}:
            _LOG.warning("the training was cut off (%s): epoch %d was kept", fitted.ended, fitted.best_epoch)
        self._predictor = Predictor(fitted.graph, fitted.blueprint, device="cpu")
        self._baseline = Predictor(*fit_baseline(prepared))
        return self

    def _split(self, dataset: Dataset) -> Split:
        train, validation = hold_out(dataset, fraction=self.config.split.validation_fraction, seed=self.config.seed)
        return Split(train=train, validation=validation, test=())

    def evaluate(self, dataset: Dataset | FeatureTable) -> Scorecard:
        """Return all scores on a data set, with intervals and, after `fit`, the baseline's beside them.

        Args:
            dataset: Labelled clips of groups that `fit` has not seen; or features or pictures of such.

        Raises:
            DataError: A label is unknown, or no sound can be read.
        """
        return self._evaluate(dataset, self._baseline)

    def _evaluate(self, dataset: Dataset | FeatureTable, baseline: Predictor | None) -> Scorecard:
        _require_dataset(dataset)
        evaluation = evaluate_predictor(
            self.predictor, dataset, baseline=baseline, store=self._store, seed=self.config.seed
        )
        if evaluation.bad:
            _LOG.warning("%s", describe_bad_files(evaluation.bad, len(evaluation.contents) + len(evaluation.bad)))
        for note in learnt_note(evaluation.contents, self._learnt):
            _LOG.warning("%s", note)
        return evaluation.scorecard

    def score(self, dataset: Dataset | FeatureTable) -> float:
        """Return the accuracy over the clips of a data set, from 0 to 1."""
        return self._evaluate(dataset, None).clip.accuracy.value

    def predict(self, sounds: Iterable[Sound]) -> list[str]:
        """Return the label of each sound.

        Args:
            sounds: Paths or clips, such as a data set.

        Raises:
            AudioError: A file cannot be used.
        """
        return self.predictor.predict(sounds)

    def predict_proba(self, sounds: Iterable[Sound]) -> npt.NDArray[np.float64]:
        """Return the probabilities (n_sounds, n_classes) of each sound, in the order of `labels`.

        Args:
            sounds: Paths or clips, such as a data set.

        Raises:
            AudioError: A file cannot be used.
        """
        return self.predictor.predict_proba(sounds)

    def predict_file(self, path: str | Path) -> Prediction:
        """Return the label of one sound and the probability of each class by name.

        Raises:
            AudioError: The file cannot be used.
        """
        return self.predictor.predict_file(path)

    @property
    def predictor(self) -> Predictor:
        """What answers for sounds.

        Raises:
            SettingError: The classifier is not fitted.
        """
        if self._predictor is None:
            raise SettingError("this classifier is not fitted yet: call fit(dataset), or load a bundle")
        return self._predictor

    @property
    def labels(self) -> tuple[str, ...]:
        """The name of each class, in the order of the probabilities."""
        return self.predictor.labels

    def save(self, folder: str | Path) -> None:
        """Write the classifier as a bundle.

        Raises:
            StorageError: The folder cannot be written.
        """
        self.predictor.save(folder)

    @classmethod
    def load(cls, folder: str | Path, *, device: str = "cpu") -> Self:
        """Read a classifier from a bundle or run folder.

        Args:
            folder: The bundle, or the run folder that holds one.
            device: Where to compute.

        Raises:
            StorageError: There is no bundle, or it is damaged or of another version.
        """
        predictor = Predictor.load(folder, device=device)
        classifier = cls(device=device)
        classifier.config = config_of(predictor.blueprint)
        classifier._predictor = predictor
        return classifier


def _require_dataset(dataset: object) -> None:
    if not isinstance(dataset, Dataset | FeatureTable):
        raise SettingError(
            f"a Dataset is wanted, not {type(dataset).__name__}: make one with earmark.open_dataset(path)"
        )


def _as_table(choice: object, catalogue: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table of a configuration for a name, or for settings whose type says what they are of."""
    if isinstance(choice, str):
        return {"name": choice}
    name = next((name for name, kind in catalogue.items() if type(choice) is kind.settings), None)
    if name is None or not is_dataclass(choice) or isinstance(choice, type):
        known = ", ".join(kind.settings.__name__ for kind in catalogue.values())
        raise SettingError(f"{choice!r} is neither a name nor settings of what ships: {known}")
    return {"name": name, **spelled(choice)}
