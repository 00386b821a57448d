"""A classifier with scikit-learn's verbs, for a program or a notebook."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from earmark._util.progress import Progress
from earmark.data.dataset import Dataset
from earmark.data.splits import Split, hold_out
from earmark.errors import SettingError
from earmark.evaluate.scorecard import Scorecard
from earmark.experiment.config import RunConfig, config_of
from earmark.experiment.evaluation import evaluate_predictor, learnt_note
from earmark.experiment.fitting import fit_baseline, fit_classifier
from earmark.experiment.networks import as_table, configure, required_own, standing_in
from earmark.experiment.prepare import prepare_dataset, prepare_table
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import BadFile, describe_bad_files
from earmark.features.interchange.table import FeatureTable
from earmark.features.store import FeatureStore
from earmark.inference.bundle import load_bundle
from earmark.inference.prediction import Prediction
from earmark.inference.predictor import Predictor, Sound
from earmark.models.catalogue import DEFAULT_NETWORK
from earmark.models.device import resolve_device
from earmark.train.history import Epoch
from earmark.train.settings import TrainSettings
from earmark.train.verdict import Verdict

_LOG = logging.getLogger(__name__)


class SoundClassifier:
    """Learns from labelled sounds, and answers for others with named probabilities.

    Args:
        front_end: From waveform to features: a name of the catalogue, or settings such as
            ``MfccSettings(n_mfcc=20)``; None for the network's own choice.
        network: From features to class scores: a name of the catalogue, settings such as ``CnnSettings(dropout=0.5)``,
            or a network of your own: a `torch.nn.Module`, which is copied, so that each fit starts from its weights; a
            class or function that makes one, called with those of ``n_bins``, ``n_frames``, ``n_channels`` and
            ``n_classes`` that its signature names; or a scikit-learn classifier, which is cloned, and seeded where its
            ``random_state`` is open. Modules turn features (batch, [n_channels,] n_bins, n_frames) into logits (batch,
            n_classes); an estimator gets each segment's features as one vector. Both are standardised.
        segments: Segments a clip of typical length is cut into; None for segments of two seconds, and whole clips for
            a network on statistics.
        segment_s: The length of a segment in seconds, in place of `segments`.
        hop_s: From the start of one segment to the next, in seconds.
        augment: How the training part is changed, as steps such as ``("gain", "time-mask")``; ``()`` for not at all,
            None for the network's own choice.
        train: How the network is trained; None for its own choice.
        validation_fraction: The share of the clips that choose the best epoch, in whole groups; None for the network's
            own choice, 0.15 where it has none.
        calibration: How probabilities are fitted to the validation part: see `CalibrationSettings`.
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
        network: str | object = DEFAULT_NETWORK,
        segments: int | None = None,
        segment_s: float | None = None,
        hop_s: float | None = None,
        augment: Sequence[str] | None = None,
        train: TrainSettings | None = None,
        validation_fraction: float | None = None,
        calibration: str = "auto",
        seed: int = 0,
        device: str = "auto",
        cache: str | Path | None = None,
    ) -> None:
        tables: dict[str, Any] = {
            "data": {"path": ""},
            "segments": _said(count=segments, segment_s=segment_s, hop_s=hop_s),
            "front_end": as_table(front_end, FRONT_ENDS) if front_end else {},
            "augment": _said(steps=augment),
            "split": _said(validation_fraction=validation_fraction),
            "train": asdict(train) if train else {},
            "calibration": {"method": calibration},
            "seed": seed,
            "device": device,
        }
        self.config: RunConfig = configure(tables, network)
        self.history: tuple[Epoch, ...] = ()
        self.bad: tuple[BadFile, ...] = ()
        self.ended = ""
        self.verdict: Verdict | None = None
        self._learnt: frozenset[str] = frozenset()
        self._store = FeatureStore(Path(cache) if cache else None)
        self._predictor: Predictor | None = None
        self._baseline: Predictor | None = None

    def fit(
        self,
        dataset: Dataset | FeatureTable,
        *,
        progress: Progress | None = None,
        on_epoch: Callable[[Epoch], None] | None = None,
    ) -> Self:
        """Learn from a data set; a share of its groups chooses the best epoch.

        Files that cannot be used are left out; `bad` names them. Ctrl-C keeps the best epoch so far; `ended` then is
        ``"interrupted"``.

        Args:
            dataset: Labelled clips, none of which will be used for the score; or features or pictures of such.
            progress: What is told while it goes on.
            on_epoch: Called with each epoch when it is over.

        Raises:
            DataError: The data set cannot be used.
            SettingError: The network does not fit the features.
            SplitError: There are too few groups for a validation part.
            TrainingError: The training cannot go on.
        """
        config = self.config
        _require_dataset(dataset)
        like = standing_in(config)
        if isinstance(dataset, FeatureTable):
            prepared = prepare_table(dataset, like, split=self._split, progress=progress)
            for note in dataset.dataset.notes:
                _LOG.warning("%s", note)
        else:
            prepared = prepare_dataset(dataset, like, split=self._split, store=self._store, progress=progress)
        device = resolve_device(config.device)
        fitted = fit_classifier(config, prepared, device=device, progress=progress, on_epoch=on_epoch)
        self.history, self.bad, self.ended = fitted.history, prepared.bad, fitted.ended
        self.verdict = fitted.verdict
        self._learnt = frozenset(prepared.contents)
        if prepared.bad:
            _LOG.warning("%s", describe_bad_files(prepared.bad, len(prepared.dataset) + len(prepared.bad)))
        if fitted.ended in {"interrupted", "diverged"}:
            _LOG.warning("the training was cut off (%s): epoch %d was kept", fitted.ended, fitted.best_epoch)
        if fitted.ended == "diverged":
            _LOG.warning("%s", " ".join(fitted.verdict.sentences))
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

    def predict(
        self, sounds: Iterable[Sound], *, min_confidence: float | Literal["per-class"] | None = None
    ) -> list[str | None]:
        """Return the label of each sound.

        Args:
            sounds: Paths or clips, such as a data set.
            min_confidence: How probable a label must be to be given, else it is None: see `Caution`.

        Raises:
            AudioError: A file cannot be used.
            SettingError: The confidence is out of range.
        """
        return self.predictor.cautious(min_confidence=min_confidence).predict(sounds)

    def predict_proba(self, sounds: Iterable[Sound]) -> npt.NDArray[np.float64]:
        """Return the probabilities (n_sounds, n_classes) of each sound, in the order of `labels`.

        Args:
            sounds: Paths or clips, such as a data set.

        Raises:
            AudioError: A file cannot be used.
        """
        return self.predictor.predict_proba(sounds)

    def predict_file(
        self,
        path: str | Path,
        *,
        min_confidence: float | Literal["per-class"] | None = None,
        coverage: float | None = None,
    ) -> Prediction:
        """Return the label of one sound and the probability of each class by name.

        Args:
            path: The file.
            min_confidence: How probable the label must be to be given: see `Caution`.
            coverage: How often the truth is to be among the `labels` of the prediction: see `Caution`.

        Raises:
            AudioError: The file cannot be used.
            SettingError: A number is out of range.
        """
        return self.predictor.cautious(min_confidence=min_confidence, coverage=coverage).predict_file(path)

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
        """Write the classifier as a bundle; of a network of your own, its weights and where it is imported from.

        Raises:
            SettingError: The network is a scikit-learn estimator of your own, which no bundle can keep.
            StorageError: The folder cannot be written.
        """
        self.predictor.save(folder)

    @classmethod
    def load(cls, folder: str | Path, *, network: object = None, device: str = "cpu") -> Self:
        """Read a classifier from a bundle or run folder.

        Args:
            folder: The bundle, or the run folder that holds one.
            network: The network of your own that was saved: a module of its kind, or what makes one. It is not changed.
            device: Where to compute.

        Raises:
            SettingError: A network of your own was saved and is not given, or another one is.
            StorageError: There is no bundle, or it is damaged or of another version.
        """
        own = None if network is None else required_own(network)
        predictor = Predictor(*load_bundle(Path(folder), own=own), device=device)
        classifier = cls(device=device)
        classifier.config = config_of(predictor.blueprint)
        classifier._predictor = predictor
        return classifier


def _require_dataset(dataset: object) -> None:
    if not isinstance(dataset, Dataset | FeatureTable):
        raise SettingError(
            f"a Dataset is wanted, not {type(dataset).__name__}: make one with earmark.open_dataset(path)"
        )


def _said(**values: object) -> dict[str, Any]:
    """Return the table of what is said: the network may have its own choice for the rest."""
    return {key: value for key, value in values.items() if value is not None}
