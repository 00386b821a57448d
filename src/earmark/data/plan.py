"""Where a split comes from that is not to be computed: one word for all ways, as a configuration holds it."""

from pathlib import Path
from types import MappingProxyType

from earmark._util.catalogue import nearest
from earmark.data.dataset import Dataset
from earmark.data.open import open_dataset
from earmark.data.parts import leave_one_group_out, published_parts
from earmark.data.split_file import read_split
from earmark.data.tags import regroup_by_tag
from earmark.errors import SettingError

_WAYS = MappingProxyType({"published": published_parts, "each-group": leave_one_group_out})


def open_planned(
    path: str | Path,
    *,
    plan: str | None,
    group_column: str | None = None,
    group_pattern: str | None = None,
    group_tag: str | None = None,
) -> Dataset:
    """Open a data set in the groups, and with the folds or parts, that are asked for.

    Args:
        path: What `open_dataset` takes.
        plan: What `apply_plan` takes.
        group_column: The column of the table that names the group.
        group_pattern: A regular expression searched in each clip's name, which finds the group.
        group_tag: The tag of the sound files that names the group.

    Raises:
        DataError: The data set, the tags or the table of the split cannot be used.
        SettingError: What is asked for is not there, or two ways to group are named.
        SplitError: The split that is given puts a group on two sides.
    """
    if group_tag is not None and (group_column is not None or group_pattern is not None):
        raise SettingError(f"the group comes from one place: the tag {group_tag!r}, a column or a pattern")
    dataset = open_dataset(path, group_column=group_column, group_pattern=group_pattern)
    return apply_plan(dataset if group_tag is None else regroup_by_tag(dataset, group_tag), plan)


def apply_plan(dataset: Dataset, plan: str | None, *, whole: bool = False) -> Dataset:
    """Return a data set with the folds or the parts that are asked for; as it is where nothing is.

    Args:
        dataset: The clips.
        plan: ``published`` for the parts that the data set comes with, ``each-group`` for a fold a group, or a table as
            `read_split` takes it.
        whole: Whether every clip must have a place.

    Raises:
        SettingError: It is no such word and no file, there is nothing of the kind, or a clip has no place.
        DataError: The table cannot be used.
        SplitError: The table puts a group on two sides, or there is one group only.
    """
    if plan is None:
        return dataset
    placed = _WAYS[plan](dataset) if plan in _WAYS else _by_table(dataset, plan)
    if whole and placed.n != dataset.n:
        raise SettingError(f"the split has a place for {placed.n} of {dataset.n} clips, and here all of them need one")
    return placed


def is_table(plan: str | None) -> bool:
    """Return whether a plan is a file, and one that is there."""
    return plan is not None and plan not in _WAYS and Path(plan).expanduser().is_file()


def _by_table(dataset: Dataset, plan: str) -> Dataset:
    table = Path(plan).expanduser()
    if not table.is_file():
        raise SettingError(f"there is no table {plan} with a split, and no such word: {nearest(plan, _WAYS)}")
    return read_split(table).apply(dataset)
