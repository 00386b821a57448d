"""Groups that are joined because their clips belong together, such as repeats that an audit found."""

from collections.abc import Mapping
from dataclasses import replace

from earmark.data.dataset import Dataset


def join_groups(dataset: Dataset, together: Mapping[str, str]) -> Dataset:
    """Return the data set with groups joined wherever clips of them belong together.

    What belongs together by way of a third belongs together too. A joined group is called after the first of its
    groups in the alphabet.

    Args:
        dataset: Clips with groups.
        together: A key that clips share by the clip's name; a clip without one stays in its group.

    >>> from pathlib import Path
    >>> from earmark.data.clip import Clip
    >>> clips = [Clip(name=name, path=Path(name), label="x", group=name.upper()) for name in "abcd"]
    >>> join_groups(Dataset(clips, root=Path()), {"b": "same", "d": "same"}).groups
    ('A', 'B', 'C', 'B')
    """
    parent = {group: group for group in dataset.groups}

    def top(group: str) -> str:
        while parent[group] != group:
            parent[group] = parent[parent[group]]
            group = parent[group]
        return group

    first: dict[str, str] = {}
    for clip in dataset:
        key = together.get(clip.name)
        if key is not None:
            one, other = sorted((top(clip.group), top(first.setdefault(key, clip.group))))
            parent[other] = one
    return replace(dataset, clips=[replace(clip, group=top(clip.group)) for clip in dataset])
