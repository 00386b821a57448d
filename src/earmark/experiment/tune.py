"""Searching for better settings inside the training part, and one honest score for those that were found."""

import csv
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import earmark
from earmark._util.files import write_json, write_whole
from earmark._util.progress import NoProgress, Progress
from earmark.data.dataset import count
from earmark.errors import SettingError, SplitError, TrainingError
from earmark.evaluate.scorecard import Scorecard
from earmark.experiment.config import AugmentConfig, Named, RunConfig
from earmark.experiment.crossval import Titled
from earmark.experiment.folder import RunFolder
from earmark.experiment.inner import FoldOutcome, InnerFolds, describe_inner, inner_folds, places, score_folds
from earmark.experiment.networks import configured, require_network, standing_in
from earmark.experiment.prepare import prepare, resolved
from earmark.experiment.run import RunResult, train_run
from earmark.experiment.search import (
    Asking,
    Dimension,
    Trial,
    config_with,
    default_space,
    parse_search,
    values_of,
)
from earmark.experiment.search_folder import (
    BEST_NAME,
    KIND,
    RUN_NAME,
    STATE_NAME,
    TRIALS_NAME,
    SearchState,
    claim_search,
    clear_search,
    read_state,
    refuse_other_settings,
)
from earmark.experiment.tables import refuse_front_end, refuse_searched, table_recipe
from earmark.features.interchange.catalogue import holds_features
from earmark.features.interchange.table import FeatureTable
from earmark.features.store import FeatureStore
from earmark.models.device import resolve_device
from earmark.models.own import OwnNetwork

_N_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """What a search leaves in the hand; the rest is in its folder.

    Attributes:
        folder: Where it is: ``trials.csv``, ``best.toml`` (which ``--config`` takes), ``tuning.json``, and in ``best/``
            the run of the best settings.
        space: What was searched.
        trials: Every trial.
        how: How trials were judged, in one sentence.
        best: The best trial; None where none was complete.
        scorecard: Its scores on the test part; None where the search was cut off.
        looks: How often the test part was scored: more than once where a finished search went on.
        run: The run that gave them; None where it was there before.
    """

    folder: Path
    space: tuple[Dimension, ...]
    trials: tuple[Trial, ...]
    how: str
    best: Trial | None
    scorecard: Scorecard | None
    looks: int = 0
    run: RunResult | None = None

    @property
    def is_finished(self) -> bool:
        """Whether the best settings were trained and scored."""
        return self.scorecard is not None

    def values(self, trial: Trial) -> dict[str, object]:
        """Return the settings that a trial tried, by key."""
        return values_of(self.space, trial.tried)

    def sentence(self) -> str:
        """Return what the search comes to."""
        if self.best is None or self.best.accuracy is None:
            return f"None of {count(len(self.trials), 'trial')} is complete: there is no best yet."
        found = ", ".join(f"{key} = {value}" for key, value in self.values(self.best).items())
        inner = f"Best of {count(len(self.trials), 'trial')}: {100 * self.best.accuracy:.1f} % inner score with {found}"
        if self.scorecard is None:
            return f"{inner}; not yet scored on the test part."
        clip = self.scorecard.clip
        low, high = clip.accuracy.low, clip.accuracy.high
        between = "" if low is None or high is None else f" (95 % interval {100 * low:.1f}-{100 * high:.1f})"
        again = "" if self.looks <= 1 else f", though this was look number {self.looks} at the test part"
        return (
            f"{inner}; on the {count(clip.n, 'clip')} of the test part, which the search never saw, "
            f"{100 * clip.accuracy.value:.1f} %{between}. The inner score is optimistic, being the best of several on "
            f"the same clips: trust the second{again}."
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        first = self.trials[0] if self.trials else None
        accuracy = self.scorecard.clip.accuracy if self.scorecard else None
        return {
            "finished": self.is_finished,
            "sentence": self.sentence(),
            "how": self.how,
            "search": [str(one) for one in self.space],
            "n_trials": {
                state: sum(trial.state == state for trial in self.trials) for state in ("complete", "pruned", "failed")
            },
            "best": _trial_json(self, self.best),
            "first": _trial_json(self, first),
            "test": None if accuracy is None else asdict(accuracy),
            "looks_at_test": self.looks,
            "trials": [_trial_json(self, trial) for trial in self.trials],
        }

    def __str__(self) -> str:
        ranked = sorted((trial for trial in self.trials if trial.state == "complete"), key=lambda trial: trial.rank)
        rows = [
            (
                str(trial.number),
                f"{100 * (trial.accuracy or 0.0):.1f} %",
                f"{trial.log_loss or 0.0:.3f}",
                "  ".join(f"{key}={value}" for key, value in self.values(trial).items()),
            )
            for trial in ranked[:_N_SHOWN]
        ]
        table = [("trial", "inner", "log loss", "settings"), *rows]
        widths = [max(len(row[column]) for row in table) for column in range(3)]
        return "\n".join(
            "  ".join([*(row[column].rjust(widths[column]) for column in range(3)), row[3]]) for row in table
        )


def tune(
    tables: Mapping[str, Any],
    folder: str | Path,
    *,
    n_trials: int,
    store: FeatureStore,
    search: Iterable[str] = (),
    n_inner: int | None = None,
    overwrite: bool = False,
    resume: bool = False,
    strict: bool = False,
    progress: Progress | None = None,
) -> Tuning:
    """Search for better settings, then train with the best and score them once on clips that the search never saw.

    The test part is put aside first. Each trial is judged by cross-validation over whole groups of what is left, not by
    one validation part: that has some dozens of clips, and differs more by chance than the settings do. Ctrl-C ends the
    search and keeps every trial that is over.

    Args:
        tables: The configuration that is searched around, as `configured` takes it. A network of the user's own is
            given again to go on with `resume`.
        folder: New, empty, or with `overwrite` or `resume` that of another search.
        n_trials: How many trials in all, those before a `resume` counted.
        store: Where features are kept from trial to trial.
        search: What may be changed: see `parse_search`; what suits the network where nothing is said.
        n_inner: How many inner folds: see `inner_folds`.
        overwrite: Whether a search that is there is thrown away.
        resume: Whether one that is there goes on.
        strict: Whether one bad file stops everything.
        progress: What is told while it goes on.

    Raises:
        MissingExtraError: Optuna is not installed.
        SettingError: A key of `search` is unknown, or something else that was asked for cannot be.
        StorageError: The folder holds something else, or cannot be written.
        DataError: The data set cannot be used.
        SplitError: The data cannot be split.
        TrainingError: No trial could be trained, or the search was begun with other settings or sounds.
    """
    if n_trials < 1:
        raise SettingError(f"the trials must be at least 1, not {n_trials}")
    place = Path(folder)
    config = configured(tables)
    require_network(config)
    config = resolved(config, device=resolve_device(config.device).type)
    written = config_tables(tables, config)
    if isinstance(config.network.settings, OwnNetwork):
        said = {table: tables[table] for table in ("network", "front_end") if table in tables}
        tables = {**{table: value for table, value in written.items() if table != "front_end"}, **said}
    else:
        tables = written
    space = parse_search(search, tables) if (search := tuple(search)) else default_space(tables)
    if holds_features(config.data.path):
        refuse_searched((one.key for one in space), config)
    config = replace(config, augment=config_with(tables, space, {}).augment)
    asking = Asking(space, tables, seed=config.seed)
    before = claim_search(place, overwrite=overwrite, resume=resume)
    progress = progress or NoProgress()
    inner = inner_folds(config, prepare(standing_in(config), store=store, strict=strict, progress=progress), n_inner)
    if isinstance(inner.clips, FeatureTable) and "name" in tables.get("front_end", {}):
        refuse_front_end(inner.clips, config)
    state = SearchState(tables=written, search=[str(one) for one in space], n_inner=n_inner, key=inner.key)
    if before:
        refuse_other_settings(place, before, state)
        state = before
    elif overwrite:
        clear_search(place)
    work = _Work(place, tables, space, inner, store=store, strict=strict, progress=progress)
    try:
        state = work.search(state, asking, n_trials)
        return work.train_best(state)
    except KeyboardInterrupt:
        return work.result(read_state(place) or state)


def config_tables(tables: Mapping[str, Any], config: RunConfig) -> dict[str, Any]:
    """Return the tables of a configuration as a file holds them, with path and device as they hold from any folder.

    What is left to the network is left open: another network in the search has other likings. But of a network of the
    user's own a file cannot tell which front end follows from it: that is named.
    """
    data = {**tables["data"], "path": config.data.path}
    tables = {**tables, "data": data, "device": config.device}
    if isinstance(config.network.settings, OwnNetwork):
        tables["network"] = config.to_dict()["network"]
        tables["front_end"] = {**tables.get("front_end", {}), "name": config.front_end.name}
    return json.loads(json.dumps(tables))  # type: ignore[no-any-return]


class _Work:
    """A search on its way."""

    def __init__(
        self,
        folder: Path,
        tables: Mapping[str, Any],
        space: Sequence[Dimension],
        inner: InnerFolds,
        *,
        store: FeatureStore,
        strict: bool,
        progress: Progress,
    ) -> None:
        self._folder, self._tables, self._space, self._inner = folder, tables, tuple(space), inner
        self._store, self._strict, self._progress = store, strict, progress

    def search(self, state: SearchState, asking: Asking, n_trials: int) -> SearchState:
        """Run the trials that are left, and write each down when it is over."""
        self._write(state)
        for number in range(len(state.trials) + 1, n_trials + 1):
            trial = self._run(asking.next(state.trials), number, n_trials)
            state = replace(state, trials=(*state.trials, trial))
            self._write(state)
        if not any(trial.state == "complete" for trial in state.trials):
            raise TrainingError(
                f"none of {count(len(state.trials), 'trial')} could be trained; the first: {state.trials[0].note}"
            )
        return state

    def _run(self, asked: Any, number: int, n_trials: int) -> Trial:  # noqa: ANN401 - Optuna's trial
        began = time.monotonic()
        told = Titled(self._progress, f"trial {number} of {n_trials}")
        outcomes: list[FoldOutcome] = []
        course: list[float] = []
        end, note = "complete", ""
        try:
            config = config_with(self._tables, self._space, asked.params)
            for outcome in score_folds(config, self._inner, store=self._store, strict=self._strict, progress=told):
                outcomes.append(outcome)
                course.append(float(np.concatenate([one.right for one in outcomes]).mean()))
                asked.report(course[-1], len(course))
                if len(course) < len(self._inner.numbers) and asked.should_prune():
                    end = "pruned"
                    break
        except (SettingError, TrainingError) as error:  # of these values only: the first trial has shown that others do
            end, note, course = "failed", str(error), []
        is_complete = end == "complete"
        return Trial(
            number=number,
            tried=dict(asked.params),
            state=end,
            accuracy=course[-1] if is_complete else None,
            log_loss=float(np.concatenate([one.log_losses for one in outcomes]).mean()) if is_complete else None,
            course=tuple(course),
            seconds=round(time.monotonic() - began, 2),
            note=note,
        )

    def train_best(self, state: SearchState) -> Tuning:
        """Train with the best settings, and score them on the test part; not again where they are there already."""
        best = _best(state.trials)
        run = RunFolder(self._folder / RUN_NAME)
        is_there = run.is_run and best is not None and state.trained == best.number
        if best is None or (is_there and run.is_finished and not run.was_interrupted):
            return self.result(state)
        config = config_with(self._tables, self._space, best.tried)
        told = Titled(self._progress, "best")
        self._refuse_other_test(config, told)
        if not is_there:
            run.clear()  # the best of fewer trials: it would pass for the best of all if this were cut off
            state = replace(state, trained=best.number, looks=state.looks + 1)
            self._write(state)
        result = train_run(
            config,
            run.path,
            store=self._store,
            resume=is_there,
            strict=self._strict,
            progress=told,
        )
        if result.fitted.ended == "interrupted":
            raise KeyboardInterrupt
        self._write(state)
        return replace(self.result(state), run=result)

    def _refuse_other_test(self, config: RunConfig, told: Progress) -> None:
        """Refuse to score settings with which other clips would be tested, such as when one can no longer be read."""
        unchanged = replace(config, augment=AugmentConfig(steps=()))  # only what trains is changed
        prepared = prepare(standing_in(unchanged), store=self._store, strict=self._strict, progress=told)
        if places(prepared.dataset, prepared.split.test) != self._inner.held_out:
            raise SplitError("the test part of the best settings is not the one that was put aside: no score is given")

    def result(self, state: SearchState) -> Tuning:
        """Return what is there by now."""
        best = _best(state.trials)
        run = RunFolder(self._folder / RUN_NAME)
        is_scored = best is not None and state.trained == best.number and run.is_finished and not run.was_interrupted
        return Tuning(
            folder=self._folder,
            space=self._space,
            trials=state.trials,
            how=describe_inner(self._inner),
            best=best,
            scorecard=run.read_scorecard() if is_scored else None,
            looks=state.looks,
        )

    def _write(self, state: SearchState) -> None:
        """Write what is there by now: the table, the best settings, and last the state that makes it count."""
        tuning = self.result(state)
        with write_whole(self._folder / TRIALS_NAME) as part, part.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            keys = [one.key for one in self._space]
            writer.writerow(["trial", "state", "accuracy", "log_loss", "seconds", *keys, "note"])
            for trial in state.trials:
                values = tuning.values(trial)
                measured = (trial.state, trial.accuracy, trial.log_loss, trial.seconds)
                writer.writerow([trial.number, *measured, *(values[key] for key in keys), trial.note])
        if tuning.best:
            self._settled(config_with(self._tables, self._space, tuning.best.tried)).save(self._folder / BEST_NAME)
        kept = {"kind": KIND, "earmark": earmark.__version__, "state": asdict(state)}
        write_json(self._folder / STATE_NAME, {**kept, **tuning.to_json()})

    def _settled(self, config: RunConfig) -> RunConfig:
        """Return a configuration with the front end that it has in truth, where features are there already."""
        if not isinstance(self._inner.clips, FeatureTable):
            return config
        recipe = table_recipe(self._inner.clips, standing_in(config))
        return replace(config, front_end=Named(name=recipe.front_end, settings=recipe.settings))


def _best(trials: Sequence[Trial]) -> Trial | None:
    return min((trial for trial in trials if trial.state == "complete"), key=lambda trial: trial.rank, default=None)


def _trial_json(tuning: Tuning, trial: Trial | None) -> dict[str, Any] | None:
    if trial is None:
        return None
    return {**asdict(trial), "course": list(trial.course), "settings": tuning.values(trial)}
