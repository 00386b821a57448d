import os
from dataclasses import replace

import pytest

from earmark.data.open import open_dataset
from earmark.errors import DataError, SettingError
from earmark.experiment.config import AugmentConfig
from earmark.experiment.settling import clips_key, settle_folds, settle_segments


@pytest.fixture(scope="module")
def sounds(tmp_path_factory, write_tones):
    """Return the folder of eight tones; nobody may write into it."""
    return write_tones(tmp_path_factory.mktemp("settled") / "sounds", {"dog": 4, "rain": 4})


@pytest.mark.slow
def test_settling_says_where_the_folds_come_from(sounds, configure):
    made = settle_folds(configure(sounds), 3)
    assert made.folds == (1, 2, 3)
    assert (made.config.split.n_folds, made.config.split.test_fold) == (3, 1)
    assert {clip.fold for clip in made.dataset} == {1, 2, 3}
    table = sounds.parent / "clips.csv"
    rows = [f"sounds/{label}/{label}{n}.wav,{label},{4 + 3 * (n % 2)}" for label in ("dog", "rain") for n in range(4)]
    table.write_text("\n".join(["path,label,fold", *rows]) + "\n")
    found = settle_folds(configure(table))
    assert found.folds == (4, 7)
    assert (found.config.split.n_folds, found.config.split.test_fold) == (None, 4)


@pytest.mark.parametrize(
    "change",
    [{"name": "other"}, {"label": "rain"}, {"group": "other"}, {"fold": 2}, {"start_s": 0.5}, {"end_s": 0.5}],
)
def test_the_key_tells_any_change_of_a_clip(sounds, change):
    dataset = open_dataset(sounds)
    changed = replace(dataset, clips=[replace(dataset[0], **change), *dataset.clips[1:]])
    assert clips_key(changed) != clips_key(dataset)
    assert clips_key(dataset.subset([1, 0, *range(2, 8)])) != clips_key(dataset)
    assert clips_key(dataset.subset(range(7))) != clips_key(dataset)


def test_the_key_tells_another_content_and_no_other_place_or_time(tmp_path, write_tones, write_tone):
    data = write_tones(tmp_path / "sounds", {"dog": 2, "rain": 2})
    first = clips_key(open_dataset(data))
    os.utime(data / "dog" / "dog0.wav", (1, 1))
    data = data.rename(tmp_path / "moved")
    assert clips_key(open_dataset(data)) == first
    write_tone(data / "dog" / "dog0.wav", label=0, number=9)
    assert clips_key(open_dataset(data)) != first


def test_a_file_that_cannot_be_read_has_a_key_too(tmp_path, write_tones):
    dataset = open_dataset(write_tones(tmp_path / "sounds", {"dog": 2, "rain": 2}))
    first = clips_key(dataset)
    dataset[0].path.unlink()
    assert clips_key(dataset) not in {"", first}


def test_segments_are_settled_once_and_stay_so(sounds, configure):
    dataset = open_dataset(sounds)
    once = settle_segments(configure(sounds), dataset)  # two segments of a second
    assert once.segments.count is None
    assert once.segments.segment_s == pytest.approx(0.5, abs=1e-3)
    assert settle_segments(once, dataset) == once
    whole = configure(sounds, network={"name": "svm"}, front_end={"name": "statistics"}, segments={})
    assert settle_segments(whole, dataset) == whole


def test_what_cannot_be_is_said_at_once(sounds, configure, tmp_path, write_tones):
    dataset = open_dataset(sounds)
    svm = configure(sounds, network={"name": "svm"}, front_end={"name": "statistics"}, segments={})
    with pytest.raises(SettingError, match="does not learn in batches"):
        settle_segments(replace(svm, augment=AugmentConfig(steps=("gain",))), dataset)
    with pytest.raises(SettingError, match="padding"):
        settle_segments(configure(sounds, segments={"segment_s": 60.0}), dataset)
    broken = open_dataset(write_tones(tmp_path / "sounds", {"dog": 1, "rain": 1}))
    for clip in broken:
        clip.path.write_bytes(b"")
    with pytest.raises(DataError, match="none of the sounds can be read"):
        settle_segments(configure(tmp_path / "sounds"), broken)
