"""Groups that are joined because their clips belong together, such as repeats that an audit found."""

from collections.abc import Mapping
from dataclasses import replace

from earmark.data.dataset import Dataset, listed
from earmark.errors import SettingError


def join_groups(dataset: Dataset, together: Mapping[str, str]) -> Dataset:
    """Return the data set with groups joined wherever clips of them belong together.

    What belongs together by way of a third belongs together too. A joined group is called after the first of its
    groups in the alphabet.

    Args:
        dataset: Clips with groups.
        together: A key that clips share by `Clip.address`; a clip without one stays in its group.

    Raises:
        SettingError: None of the clips is in `together`.

    >>> from pathlib import Path
    >>> from earmark.data.clip import Clip
    >>> clips = [Clip(name=name, path=Path(name), label="x", group=name.upper()) for name in "abcd"]
    >>> join_groups(Dataset(clips, root=Path()), {"b": "same", "d": "same"}).groups
    ('A', 'B', 'C', 'B')
    """
    keys = shared_keys(dataset, together)
    parent = {group: group for group in dataset.groups}

    def top(group: str) -> str:
        while parent[group] != group:
            parent[group] = parent[parent[group]]
            group = parent[group]
        return group

    first: dict[str, str] = {}
    for index, clip in enumerate(dataset):
        key = keys.get(index)
        if key is not None:
            one, other = sorted((top(clip.group), top(first.setdefault(key, clip.group))))
            parent[other] = one
    return replace(dataset, clips=[replace(clip, group=top(clip.group)) for clip in dataset])


def shared_keys(dataset: Dataset, together: Mapping[str, str]) -> dict[int, str]:
    """Return the key of each clip that has one, by its index.

    Args:
        dataset: The clips.
        together: A key that clips share by `Clip.address`, such as the groups of an audit.

    Raises:
        SettingError: None of the clips is in `together`, though something is.
    """
    keys = {index: key for index, clip in enumerate(dataset) if (key := together.get(clip.address)) is not None}
    if together and not keys:
        raise SettingError(
            f"nothing in together, such as {listed(together)}, is a clip of this data set, such as "
            f"{listed(clip.address for clip in dataset[:1])}: it is that of other clips; give the Clip.address of each"
        )
    return keys
