"""The folder of a search: what it keeps so that it can go on."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark.errors import StorageError, TrainingError
from earmark.experiment.config import describe_differences, make_config
from earmark.experiment.folder import RunFolder
from earmark.experiment.search import Trial

STATE_NAME, TRIALS_NAME, BEST_NAME, RUN_NAME = "tuning.json", "trials.csv", "best.toml", "best"
KIND = "tuning"


@dataclass(frozen=True, kw_only=True)
class SearchState:
    """What ``tuning.json`` keeps so that a search can go on.

    Attributes:
        tables: The configuration that is searched around.
        search: What may be changed, as `parse_search` reads it.
        n_inner: How many inner folds were asked for; None for what suits the data.
        key: Names clips, contents and inner folds.
        trials: Every trial that is over.
        trained: The number of the trial whose settings are in ``best/``; 0 for none.
        looks: How often the test part was scored.
    """

    tables: dict[str, Any]
    search: list[str]
    n_inner: int | None
    key: str
    trials: tuple[Trial, ...] = ()
    trained: int = 0
    looks: int = 0


def read_search(folder: str | Path) -> tuple[dict[str, Any], list[str], int | None]:
    """Return the tables, the space and the number of inner folds that a search was begun with.

    Args:
        folder: Its folder.

    Raises:
        StorageError: There is none.
    """
    state = read_state(Path(folder))
    if state is None:
        raise StorageError(f"{folder} is no search: it holds no {STATE_NAME}")
    return state.tables, state.search, state.n_inner


def claim_search(folder: Path, *, overwrite: bool, resume: bool) -> SearchState | None:
    """Make sure that a search may write here, and return the state of the one that goes on; None for a new one.

    Args:
        folder: Where.
        overwrite: Whether a search that is here may be thrown away, which `clear_search` does. Other files never are.
        resume: Whether a search that is here goes on.

    Raises:
        StorageError: The folder holds a search, or files that are not a search's.
    """
    if folder.exists() and not folder.is_dir():
        raise StorageError(f"{folder} is a file: a search needs a folder")
    if not folder.exists() or not any(folder.iterdir()):
        return None
    state = read_state(folder)
    if state is None:
        raise StorageError(f"{folder} holds files that are not a search's: give another folder with -o")
    if not (overwrite or resume):
        raise StorageError(
            f"{folder} holds a search already: give another folder with -o, or --overwrite to replace it, or --resume "
            "to go on with it"
        )
    return state if resume else None


def refuse_other_settings(folder: Path, before: SearchState, now: SearchState) -> None:
    """Refuse to go on with a search that was begun with other settings or sounds.

    Args:
        folder: Where it is.
        before: What it was begun with.
        now: What was given.

    Raises:
        TrainingError: They differ; the message names the settings that do.
    """
    different = describe_differences(make_config(before.tables), make_config(now.tables))
    for name, there, here in (
        ("--search", " ".join(before.search), " ".join(now.search)),
        ("--inner-folds", before.n_inner, now.n_inner),
    ):
        if there != here:
            different = "; ".join(filter(None, [different, f"{name} is {there} there and {here} here"]))
    if different:
        raise TrainingError(
            f"the search in {folder} was begun with other settings: {different}; give --resume and --trials alone, or "
            "start again with --overwrite"
        )
    if before.key != now.key:
        raise TrainingError(f"the search in {folder} was begun with other sounds: start again with --overwrite")


def read_state(folder: Path) -> SearchState | None:
    """Return the state of the search in a folder; None where there is none.

    Args:
        folder: Where.

    Raises:
        StorageError: It is damaged.
    """
    path = folder / STATE_NAME
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        kept = dict(content["state"])
        trials = tuple(Trial(**{**trial, "course": tuple(trial["course"])}) for trial in kept.pop("trials"))
        return SearchState(**kept, trials=trials) if content["kind"] == KIND else None
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise StorageError(f"{path} cannot be read ({error}): start again in another folder") from error


def clear_search(folder: Path) -> None:
    """Throw away the search that is here; other files stay."""
    RunFolder(folder / RUN_NAME).clear()
    for name in (TRIALS_NAME, BEST_NAME, STATE_NAME):  # the state last: what is cut off here still is a search
        (folder / name).unlink(missing_ok=True)
