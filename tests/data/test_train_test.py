import pytest

from earmark.data.open import open_dataset
from earmark.data.train_test import train_test_split


@pytest.mark.slow
def test_no_group_is_in_both_and_no_clip_is_lost(sounds):
    dataset = open_dataset(sounds.folder({"dog": 10, "rain": 10}, seconds=0.01), group_pattern=r"(\d)\.wav$")

    train, test = train_test_split(dataset, seed=1)

    assert not set(train.groups) & set(test.groups)
    assert sorted(clip.name for clip in (*train, *test)) == [clip.name for clip in dataset]


@pytest.mark.slow
def test_the_seed_decides(sounds):
    dataset = open_dataset(sounds.folder({"dog": 10, "rain": 10}, seconds=0.01))

    halves = [[clip.name for clip in train_test_split(dataset, seed=seed)[1]] for seed in (1, 1, 2)]

    assert halves[0] == halves[1]
    assert halves[0] != halves[2]
