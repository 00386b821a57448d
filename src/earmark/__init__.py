"""earmark puts labels on sounds, and says how far to trust them.

Names are imported when they are first used, so that ``import earmark`` stays quick: torch, scikit-learn and
matplotlib are loaded by what needs them.
"""

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from earmark.audit.audit import audit_dataset as audit_dataset
    from earmark.audit.grouping import group_repeats as group_repeats
    from earmark.data.clip import Clip as Clip
    from earmark.data.dataset import Dataset as Dataset
    from earmark.data.genres.make import make_genres as make_genres
    from earmark.data.open import open_dataset as open_dataset
    from earmark.data.train_test import train_test_split as train_test_split
    from earmark.errors import EarmarkError as EarmarkError
    from earmark.evaluate.scorecard import Scorecard as Scorecard
    from earmark.experiment.estimator import SoundClassifier as SoundClassifier
    from earmark.experiment.explaining import explain_sound as explain_sound
    from earmark.experiment.scores import compare_runs as compare_runs
    from earmark.experiment.scores import read_run_scores as read_run_scores
    from earmark.experiment.verbs import compare as compare
    from earmark.experiment.verbs import cross_validate as cross_validate
    from earmark.experiment.verbs import train_run as train_run
    from earmark.experiment.verbs import tune as tune
    from earmark.features.interchange.catalogue import open_features as open_features
    from earmark.inference.predictor import Predictor as Predictor
    from earmark.train.settings import TrainSettings as TrainSettings

_HOMES = {
    "Clip": "earmark.data.clip",
    "Dataset": "earmark.data.dataset",
    "EarmarkError": "earmark.errors",
    "Predictor": "earmark.inference.predictor",
    "Scorecard": "earmark.evaluate.scorecard",
    "SoundClassifier": "earmark.experiment.estimator",
    "TrainSettings": "earmark.train.settings",
    "audit_dataset": "earmark.audit.audit",
    "compare": "earmark.experiment.verbs",
    "compare_runs": "earmark.experiment.scores",
    "cross_validate": "earmark.experiment.verbs",
    "group_repeats": "earmark.audit.grouping",
    "explain_sound": "earmark.experiment.explaining",
    "make_genres": "earmark.data.genres.make",
    "open_dataset": "earmark.data.open",
    "open_features": "earmark.features.interchange.catalogue",
    "read_run_scores": "earmark.experiment.scores",
    "train_run": "earmark.experiment.verbs",
    "train_test_split": "earmark.data.train_test",
    "tune": "earmark.experiment.verbs",
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 - the names are in the table above, once


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'earmark' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
