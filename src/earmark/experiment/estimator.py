"""A classifier with scikit-learn's verbs, for a program or a notebook."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from earmark._util.progress import Progress
from earmark.data.dataset import Dataset
from earmark.data.splits import Split, hold_out
from earmark.errors import SettingError
from earmark.evaluate.scorecard import Scorecard
from earmark.experiment.config import RunConfig, config_of, make_config
from earmark.experiment.evaluation import score_predictor
from earmark.experiment.fitting import fit_baseline, fit_classifier
from earmark.experiment.prepare import prepare_dataset
from earmark.features.extract import BadFile
from earmark.features.store import FeatureStore
from earmark.inference.predictor import Prediction, Predictor
from earmark.models.device import resolve_device
from earmark.train.history import Epoch
from earmark.train.settings import TrainSettings


class SoundClassifier:
    """Learns from labelled sounds, and answers for others with named probabilities.

    Args:
        front_end: From waveform to features: a name of the catalogue; None for the network's own choice.
        network: From features to class scores: a name of the catalogue.
        segments: Segments a clip of typical length is cut into; None for segments of two seconds.
        segment_s: The length of a segment in seconds, in place of `segments`.
        hop_s: From the start of one segment to the next, in seconds.
        train: How the network is trained.
        validation_fraction: The share of groups that choose the best epoch, where `fit` is given none.
        seed: The root of all random numbers.
        device: Where to compute: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        cache: A folder where features are kept from fit to fit; None keeps none.

    Raises:
        SettingError: A name is unknown, or a setting cannot be.
    """

    def __init__(
        self,
        *,
        front_end: str | None = None,
        network: str = "cnn",
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
            "network": {"name": network},
            "front_end": {"name": front_end} if front_end else {},
            "split": {"validation_fraction": validation_fraction},
            "train": asdict(train or TrainSettings()),
            "seed": seed,
            "device": device,
        }
        self.config: RunConfig = make_config(tables)
        self.history: tuple[Epoch, ...] = ()
        self.bad: tuple[BadFile, ...] = ()
        self._store = FeatureStore(Path(cache) if cache else None)
        self._predictor: Predictor | None = None
        self._baseline: Predictor | None = None

    def fit(self, dataset: Dataset, *, progress: Progress | None = None) -> Self:
        """Learn from a data set; a share of its groups chooses the best epoch.

        Files that cannot be used are left out; `bad` names them.

        Args:
            dataset: Labelled clips, none of which will be used for the score.
            progress: What is told while it goes on.

        Raises:
            DataError: The data set cannot be used.
            SplitError: There are too few groups for a validation part.
            TrainingError: The training cannot go on.
        """
        config = self.config
        prepared = prepare_dataset(dataset, config, split=self._split, store=self._store, progress=progress)
        fitted = fit_classifier(config, prepared, device=resolve_device(config.device), progress=progress)
        self.history, self.bad = fitted.history, prepared.bad
        self._predictor = Predictor(fitted.graph, fitted.blueprint, device="cpu")
        self._baseline = Predictor(*fit_baseline(prepared))
        return self

    def _split(self, dataset: Dataset) -> Split:
        train, validation = hold_out(dataset, fraction=self.config.split.validation_fraction, seed=self.config.seed)
        return Split(train=train, validation=validation, test=())

    def evaluate(self, dataset: Dataset) -> Scorecard:
        """Return all scores on a data set, with intervals and, after `fit`, the baseline's beside them.

        Args:
            dataset: Labelled clips of groups that `fit` has not seen.

        Raises:
            DataError: A label is unknown, or no sound can be read.
        """
        scorecard, _, used = score_predictor(self.predictor, dataset, seed=self.config.seed)
        if self._baseline is None:
            return scorecard
        return scorecard.with_baseline("svm", score_predictor(self._baseline, used, seed=self.config.seed)[0])

    def score(self, dataset: Dataset) -> float:
        """Return the accuracy over the clips of a data set, from 0 to 1."""
        return score_predictor(self.predictor, dataset, seed=self.config.seed)[0].clip.accuracy.value

    def predict(self, paths: Sequence[str | Path]) -> list[str]:
        """Return the label of each sound.

        Raises:
            AudioError: A file cannot be used.
        """
        return self.predictor.predict(paths)

    def predict_proba(self, paths: Sequence[str | Path]) -> npt.NDArray[np.float64]:
        """Return the probabilities (n_sounds, n_classes) of each sound, in the order of `labels`.

        Raises:
            AudioError: A file cannot be used.
        """
        return self.predictor.predict_proba(paths)

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
    def load(cls, folder: str | Path) -> Self:
        """Read a classifier from a bundle or run folder.

        Raises:
            StorageError: There is no bundle, or it is damaged or of another version.
        """
        predictor = Predictor.load(folder)
        classifier = cls()
        classifier.config = config_of(predictor.blueprint)
        classifier._predictor = predictor
        return classifier
