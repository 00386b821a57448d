from dataclasses import replace

import numpy as np
import pytest

import earmark
from earmark.audit.grouping import describe_joined, group_repeats, hear_repeats
from earmark.data.dataset import Dataset
from earmark.data.train_test import train_test_split
from earmark.errors import SettingError, SplitError
from earmark.features.store import FeatureStore

RATE = 22050


def noise(seed):
    return (0.2 * np.random.default_rng(seed).standard_normal(RATE)).astype(np.float32)


@pytest.fixture
def repeated(write_sound, dataset_of):
    """Six clips of two labels: d is a softer, e is a byte for byte, and c in the group of f is b."""
    for name, seed, gain in (("a", 0, 1), ("b", 1, 1), ("c", 1, 0.5), ("d", 0, 0.6), ("e", 0, 1), ("f", 5, 1)):
        write_sound(f"{name}.wav", gain * noise(seed))
    dataset = dataset_of(*(f"{name}.wav" for name in "abcdef"), labels=list("xyxyxy"))
    return replace(
        dataset, clips=[replace(clip, group="both" if clip.name[0] in "cf" else clip.name) for clip in dataset]
    )


def test_clips_of_one_sound_get_the_group_of_the_first_and_take_their_own_groups_along(repeated):
    grouped = group_repeats(repeated)

    assert grouped.groups == ("a.wav", "b.wav", "b.wav", "a.wav", "a.wav", "b.wav")
    assert [replace(clip, group="") for clip in grouped] == [replace(clip, group="") for clip in repeated]
    (note,) = grouped.notes
    assert note.startswith(
        "2 sounds are in the data more than once, exactly or nearly: a.wav = d.wav = e.wav, b.wav = "
    )
    assert group_repeats(grouped) == grouped


def test_without_repeats_in_several_groups_nothing_changes(repeated):
    for chosen in ([0, 1, 5], [0]):
        assert group_repeats(repeated.subset(chosen)) == repeated.subset(chosen)
    one = replace(repeated, clips=[replace(clip, group="g") for clip in repeated])
    assert group_repeats(one) is one
    assert len(hear_repeats(one).sets) == 2


def test_what_cannot_be_read_and_silence_repeat_nothing(repeated, write_sound):
    (repeated.root / "a.wav").write_text("this is no sound")
    (repeated.root / "d.wav").unlink()
    for name in ("b.wav", "e.wav"):
        write_sound(name, np.zeros(RATE))

    assert group_repeats(repeated) is repeated


def test_what_was_measured_is_kept_for_the_audit_that_follows(repeated, tmp_path, monkeypatch):
    store = FeatureStore(tmp_path / "store")
    group_repeats(repeated, store=store)
    monkeypatch.setattr("earmark.audit.measure.measure", lambda *_: pytest.fail("a sound was decoded again"))

    grouped = group_repeats(repeated, store=store)
    audit = earmark.audit_dataset(grouped, store=store, quick=True)
    assert len(audit.of("exact-repeat", "near-repeat")) == 3
    assert not any("groups" in found.message for found in audit.of("exact-repeat", "near-repeat"))


def test_splitting_stays_pure_and_a_grouped_set_is_split_honestly(repeated):
    labels = ["x", "y", "y", "x", "x", "y"]
    dataset = replace(
        repeated, clips=[replace(clip, label=label) for clip, label in zip(repeated, labels, strict=True)]
    )
    train_test_split(dataset, test_fraction=0.3)

    with pytest.raises(SplitError, match="no group can be spared"):
        train_test_split(group_repeats(dataset), test_fraction=0.3)


def test_folds_stay_and_a_sound_in_two_of_them_is_refused_by_their_split(repeated):
    folded = replace(repeated, clips=[replace(clip, fold=1 + (clip.name in {"d.wav", "e.wav"})) for clip in repeated])
    grouped = group_repeats(folded)

    assert grouped.folds == folded.folds
    with pytest.raises(SplitError, match=r"in fold 2 and in other folds too: a\.wav"):
        train_test_split(grouped)


@pytest.mark.parametrize("data", ["sounds", None, [1]])
def test_only_a_data_set_can_be_grouped(data):
    with pytest.raises(SettingError, match="a Dataset of sounds is wanted, not"):
        earmark.group_repeats(data)


def test_of_a_sound_that_is_there_often_some_are_named(repeated):
    assert "a.wav = b.wav = c.wav = 3 more; it is one group" in describe_joined(repeated, [range(6)])


def test_an_augmented_copy_follows_its_source_and_makes_no_one_sound_of_others(repeated):
    copied = {"c.wav": "f.wav", "e.wav": "b.wav"}  # c is b, and e is a, as if something had been mixed in
    clips = [
        replace(clip, group=clip.name, extra={"source": copied.get(clip.name, ""), "steps": "noise"})
        for clip in repeated
    ]
    clips = [replace(clip, group=copied.get(clip.name, clip.group)) for clip in clips]
    grouped = group_repeats(replace(repeated, clips=clips))
    assert grouped.groups == ("a.wav", "b.wav", "f.wav", "a.wav", "b.wav", "f.wav")

    joined = group_repeats(replace(repeated, clips=[*clips[:4], replace(clips[4], group="d.wav"), clips[5]]))
    assert joined.groups == ("a.wav", "b.wav", "f.wav", "a.wav", "a.wav", "f.wav")


def test_an_empty_data_set_has_no_repeats(tmp_path):
    empty = Dataset([], tmp_path)
    assert group_repeats(empty) is empty
