from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.together import join_groups
from earmark.errors import SettingError


def dataset(groups):
    clips = [Clip(name=str(n), path=Path(str(n)), label="x", group=group) for n, group in enumerate(groups)]
    return Dataset(clips, root=Path())


def test_what_belongs_together_by_way_of_a_third_is_joined():
    joined = join_groups(dataset("abcd"), {"0": "one", "1": "one", "2": "two"})
    assert joined.groups == ("a", "a", "c", "d")
    assert join_groups(joined, {"1": "x", "2": "x"}).groups == ("a", "a", "a", "d")


def test_clips_that_are_not_there_change_nothing():
    assert join_groups(dataset("ab"), {"0": "x", "7": "x", "8": "x"}) == dataset("ab")
    assert join_groups(dataset("ab"), {}) == dataset("ab")


def test_what_fits_no_clip_at_all_is_refused():
    with pytest.raises(SettingError, match=r"such as 7 and 8|such as 7, 8"):
        join_groups(dataset("ab"), {"7": "x", "8": "x"})


def test_stretches_of_one_file_are_joined_each_by_its_address():
    clips = [
        Clip(name=name, path=Path(name), label="x", group=f"{name}{start}", start_s=start, end_s=start + 1)
        for name in "pq"
        for start in (0, 1)
    ]
    joined = join_groups(Dataset(clips, root=Path()), {"p#t=1,2": "same", "q#t=0,1": "same"})

    assert joined.groups == ("p0", "p1", "p1", "q1")


@settings(max_examples=50, deadline=None)
@given(
    groups=st.lists(st.sampled_from("abcdef"), max_size=12), keys=st.dictionaries(st.integers(0, 11), st.integers(0, 4))
)
def test_joined_groups_are_the_connected_parts_of_the_graph(groups, keys):
    together = {str(clip): str(key) for clip, key in keys.items() if clip < len(groups)}
    data = dataset(groups)
    joined = join_groups(data, together)
    parts = [{n} for n in range(len(groups))]

    def meet(one, other):
        return any(
            groups[a] == groups[b] or (str(a) in together and together.get(str(a)) == together.get(str(b)))
            for a in one
            for b in other
        )

    while pair := next(
        ((one, other) for one in parts for other in parts if one is not other and meet(one, other)), None
    ):
        parts = [part for part in parts if part not in pair] + [pair[0] | pair[1]]

    assert sorted(map(sorted, parts)) == sorted(
        [n for n in range(len(groups)) if joined.groups[n] == group] for group in set(joined.groups)
    )
    assert set(joined.groups) <= set(groups)
