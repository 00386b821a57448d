"""What the command line does with a folder, for a program: with classifiers in place of names."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from earmark._util.progress import Progress
from earmark.errors import SettingError
from earmark.experiment import compare as comparing
from earmark.experiment import crossval, run
from earmark.experiment import tune as tuning
from earmark.experiment.comparison import Comparison
from earmark.experiment.config import DataConfig, RunConfig
from earmark.experiment.crossval import CrossValidation
from earmark.experiment.estimator import SoundClassifier
from earmark.experiment.networks import said_tables
from earmark.experiment.run import RunResult
from earmark.experiment.tune import Tuning
from earmark.features.store import FeatureStore, default_store_folder


def train_run(
    classifier: object,
    data: str | Path,
    folder: str | Path,
    *,
    test_fold: int | None = None,
    test_fraction: float | None = None,
    group_column: str | None = None,
    group_pattern: str | None = None,
    split: str | None = None,
    cache: str | Path | None = None,
    overwrite: bool = False,
    resume: bool = False,
    strict: bool = False,
    progress: Progress | None = None,
) -> RunResult:
    """Train a classifier and score it on groups that it has never heard, as ``earmark train`` does.

    The sounds are given by their path, which the folder writes down; it holds all but the page of a run.

    Args:
        classifier: A `SoundClassifier`, of which the settings count; or a network that it takes: a name, settings, or
            a module, callable or scikit-learn classifier of your own.
        data: Where the sounds are: class folders, an ESC-50 checkout, a table, or features.
        folder: The run folder: new or empty, or with `overwrite` or `resume` that of another run.
        test_fold: The published fold to test on; the last one if None.
        test_fraction: Share of the test part where there are no folds.
        group_column: The column of the table that says what a group is.
        group_pattern: A regular expression on a clip's path that says it.
        split: A split to follow: a table (path, part), ``published`` or ``each-group``.
        cache: Where features are kept; None for the user's cache folder.
        overwrite: Whether a run that is there is replaced.
        resume: Whether one that is there is finished. A network of your own is given again, since no file can hold it:
            it must be the one of the same name and module.
        strict: Whether one bad file stops everything.
        progress: What is told while it goes on.

    Raises:
        SettingError: The classifier cannot be, or does not fit the features.
        StorageError: The folder holds something else, or cannot be written.
        DataError: The data set cannot be used, or `strict` and a file is bad.
        SplitError: The split cannot be made.
        TrainingError: The training cannot go on, or was begun with other settings or another network.
    """
    config = _configured(classifier, data, group_column=group_column, group_pattern=group_pattern, split=split)
    parts = replace(config.split, test_fold=test_fold, test_fraction=test_fraction)
    return run.train_run(
        replace(config, split=parts),
        folder,
        store=_store(cache),
        overwrite=overwrite,
        resume=resume,
        strict=strict,
        progress=progress,
    )


def cross_validate(
    classifier: object,
    data: str | Path,
    folder: str | Path,
    *,
    n_folds: int | None = None,
    group_column: str | None = None,
    group_pattern: str | None = None,
    split: str | None = None,
    cache: str | Path | None = None,
    overwrite: bool = False,
    resume: bool = False,
    strict: bool = False,
    progress: Progress | None = None,
) -> CrossValidation:
    """Train and score a fresh classifier a fold, and pool what they say, as ``earmark crossval`` does.

    Args:
        classifier: See `train_run`. For each fold a module of your own is copied, a callable asked for a new one,
            and an estimator cloned: nothing goes from fold to fold.
        data: See `train_run`.
        folder: New or empty, or with `overwrite` or `resume` that of another cross-validation.
        n_folds: How many folds to compute where the data set has none; None for five, or those it was begun with.
        group_column: See `train_run`.
        group_pattern: See `train_run`.
        split: Folds to follow: a table (path, fold), ``published`` or ``each-group``.
        cache: See `train_run`.
        overwrite: Whether a cross-validation that is there is replaced.
        resume: Whether one that is there is finished, with a network of your own given again.
        strict: Whether one bad file stops everything.
        progress: What is told while it goes on.

    Raises:
        SettingError: The classifier cannot be, or `n_folds` and there are folds already.
        StorageError: The folder holds something else, or cannot be written.
        DataError: The data set cannot be used, or `strict` and a file is bad.
        SplitError: The folds cannot be made.
        TrainingError: A training cannot go on, or was begun with other settings, another network or other sounds.
    """
    return crossval.cross_validate(
        _configured(classifier, data, group_column=group_column, group_pattern=group_pattern, split=split),
        folder,
        store=_store(cache),
        n_folds=n_folds,
        overwrite=overwrite,
        resume=resume,
        strict=strict,
        progress=progress,
    )


def compare(
    classifiers: Mapping[str, object],
    data: str | Path,
    folder: str | Path,
    *,
    n_folds: int | None = None,
    group_column: str | None = None,
    group_pattern: str | None = None,
    split: str | None = None,
    cache: str | Path | None = None,
    overwrite: bool = False,
    resume: bool = False,
    strict: bool = False,
    progress: Progress | None = None,
) -> Comparison:
    """Cross-validate several classifiers on the same folds, and test which is better, as ``earmark compare`` does.

    Args:
        classifiers: Each by the name that it gets in the table, two at least: see `train_run`. All have one seed.
        data: See `train_run`.
        folder: New or empty, or with `overwrite` or `resume` that of another comparison.
        n_folds: How many folds to compute where the data set has none; None for five, or those it was begun with.
        group_column: See `train_run`.
        group_pattern: See `train_run`.
        split: See `cross_validate`.
        cache: See `train_run`.
        overwrite: Whether a comparison that is there is replaced.
        resume: Whether one that is there is finished, with networks of your own given again; others may join it.
        strict: Whether one bad file stops everything.
        progress: What is told while it goes on.

    Raises:
        SettingError: A classifier cannot be, has no name that a folder can have, or there are fewer than two.
        StorageError: The folder holds something else, or cannot be written.
        DataError: The data set cannot be used or has changed meanwhile, or `strict` and a file is bad.
        SplitError: The folds cannot be made.
        TrainingError: A training cannot go on, or was begun with other settings, another network or other sounds.
    """
    _require_names(classifiers)
    configs = {}
    for name, one in classifiers.items():
        try:
            configs[name] = _configured(one, data, group_column=group_column, group_pattern=group_pattern, split=split)
        except SettingError as error:
            raise SettingError(f"{name}: {error}") from error
    return comparing.compare(
        configs,
        folder,
        store=_store(cache),
        n_folds=n_folds,
        overwrite=overwrite,
        resume=resume,
        strict=strict,
        progress=progress,
    )


def tune(
    classifier: object,
    data: str | Path,
    folder: str | Path,
    *,
    n_trials: int = 20,
    search: str | Iterable[str] = (),
    n_inner: int | None = None,
    test_fold: int | None = None,
    test_fraction: float | None = None,
    group_column: str | None = None,
    group_pattern: str | None = None,
    cache: str | Path | None = None,
    overwrite: bool = False,
    resume: bool = False,
    strict: bool = False,
    progress: Progress | None = None,
) -> Tuning:
    """Search for better settings inside the training part, and score the best once, as ``earmark tune`` does.

    Args:
        classifier: See `train_run`: what is searched around, and tried first.
        data: See `train_run`.
        folder: New or empty, or with `overwrite` or `resume` that of another search.
        n_trials: How many settings to try, those before a `resume` counted.
        search: What may be changed, in one text or several, such as ``["train.learning_rate=1e-4..1e-2",
            "front_end.name=mfcc|log-mel"]``; what suits the network where nothing is said. Of a network of your own,
            all but its own sizes can be.
        n_inner: Folds of the training part that each trial is judged by; None for those that are published, or three.
        test_fold: See `train_run`.
        test_fraction: See `train_run`.
        group_column: See `train_run`.
        group_pattern: See `train_run`.
        cache: See `train_run`.
        overwrite: Whether a search that is there is replaced.
        resume: Whether one that is there goes on, with a network of your own given again.
        strict: Whether one bad file stops everything.
        progress: What is told while it goes on.

    Raises:
        MissingExtraError: Optuna is not installed.
        SettingError: The classifier cannot be, or a key or value of `search`.
        StorageError: The folder holds something else, or cannot be written.
        DataError: The data set cannot be used.
        SplitError: The data cannot be split.
        TrainingError: No trial could be trained, or the search was begun with other settings, another network or other
            sounds.
    """
    config = _configured(classifier, data, group_column=group_column, group_pattern=group_pattern, split=None)
    parts = replace(config.split, test_fold=test_fold, test_fraction=test_fraction)
    return tuning.tune(
        said_tables(replace(config, split=parts)),
        folder,
        n_trials=n_trials,
        store=_store(cache),
        search=(search,) if isinstance(search, str) else search,
        n_inner=n_inner,
        overwrite=overwrite,
        resume=resume,
        strict=strict,
        progress=progress,
    )


def _require_names(classifiers: object) -> None:
    if not isinstance(classifiers, Mapping) or not all(isinstance(name, str) for name in classifiers):
        raise SettingError('classifiers are wanted by their names, such as {"cnn": "cnn", "mine": Mine}')


def _configured(
    classifier: object, data: str | Path, *, group_column: str | None, group_pattern: str | None, split: str | None
) -> RunConfig:
    if not isinstance(data, str | Path):
        raise SettingError(
            f"where the sounds are is wanted, as a path that the folder can write down, not a {type(data).__name__}: "
            "to learn from what is in memory, call SoundClassifier.fit"
        )
    one = classifier if isinstance(classifier, SoundClassifier) else SoundClassifier(network=classifier)
    return replace(
        one.config,
        data=DataConfig(path=str(data), group_column=group_column, group_pattern=group_pattern),
        split=replace(one.config.split, plan=split),
    )


def _store(cache: str | Path | None) -> FeatureStore:
    return FeatureStore(default_store_folder() if cache is None else Path(cache))
