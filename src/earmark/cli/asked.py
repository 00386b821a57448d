"""The data set and the split that are asked for on the command line, as a training would have them."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from earmark.data.dataset import Dataset
    from earmark.data.splits import Split


def open_asked(
    data: str | Path,
    *,
    plan: str | None,
    test_fold: int | None,
    group_column: str | None = None,
    group_pattern: str | None = None,
    group_tag: str | None = None,
    seed: int = 0,
) -> tuple["Dataset", "Split | None"]:
    """Return the clips, in the groups and with the parts asked for, and their split; None where none is asked for.

    Args:
        data: What `earmark.open_dataset` takes.
        plan: What ``--split`` takes.
        test_fold: The fold that is the test part.
        group_column: The column of the table that names the group.
        group_pattern: A regular expression searched in each clip's name, which finds the group.
        group_tag: The tag of the sound files that names the group.
        seed: The root of all random numbers.

    Raises:
        DataError: The data set, the tags or the table of the split cannot be used.
        SettingError: What is asked for is not there, or two ways to group are named.
        SplitError: The split that is given is not honest.
    """
    from earmark.data.plan import open_planned
    from earmark.experiment.config import make_config
    from earmark.experiment.prepare import split_by_config

    dataset = open_planned(data, plan=plan, group_column=group_column, group_pattern=group_pattern, group_tag=group_tag)
    if plan is None and test_fold is None:
        return dataset, None
    asked = {name: value for name, value in (("plan", plan), ("test_fold", test_fold)) if value is not None}
    config = make_config({"data": {"path": str(data)}, "split": asked, "seed": seed})
    return dataset, split_by_config(dataset, config)
