import json

import pytest

from earmark.audit.measure import Measures, Unusable
from earmark.audit.summary import summarise
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset


def data(tmp_path, labels, *, fold=None, notes=()):
    return Dataset(
        [
            Clip(name=f"{index}.wav", path=tmp_path / f"{index}.wav", label=label, group=f"g{index // 2}", fold=fold)
            for index, label in enumerate(labels)
        ],
        tmp_path,
        notes,
    )


@pytest.fixture
def summary(tmp_path, measured):
    sounds = (
        measured(index=0, name="0.wav", duration_s=1.0, rms_db=-10.0),
        measured(index=1, name="1.wav", duration_s=3.0, rms_db=-30.0, sample_rate=44100, n_channels=2),
        measured(index=2, name="2.wav", duration_s=2.0, rms_db=-20.0, container="OGG", subtype="VORBIS"),
    )
    bad = Unusable(index=3, name="3.wav", kind="empty", reason="empty")
    return summarise(
        data(tmp_path, ["rain", "rain", "dog", "sea"], fold=2, notes=("a note",)),
        Measures(sounds=sounds, unusable=(bad,)),
        name="mine",
    )


def test_the_whole_counts_every_clip_and_measures_those_that_can_be_read(summary):
    whole = summary.whole
    assert (whole.n_clips, whole.n_groups, whole.n_unusable) == (4, 2, 1)
    assert (whole.total_s, whole.shortest_s, whole.median_s, whole.longest_s) == (6.0, 1.0, 2.0, 3.0)
    assert (whole.median_db, whole.lowest_db, whole.highest_db) == (-20.0, -28.0, -12.0)


def test_each_class_has_its_own_numbers(summary):
    by_label = {part.label: part for part in summary.classes}
    assert list(by_label) == ["dog", "rain", "sea"]
    assert (by_label["rain"].n_clips, by_label["rain"].n_groups, by_label["rain"].total_s) == (2, 1, 4.0)
    assert (by_label["sea"].n_clips, by_label["sea"].n_unusable, by_label["sea"].total_s) == (1, 1, 0.0)
    assert sum(part.n_clips for part in summary.classes) == summary.whole.n_clips


def test_how_clips_are_stored_is_counted_the_commonest_first(summary):
    assert list(summary.sample_rates.items()) == [(22050, 2), (44100, 1)]
    assert list(summary.channels.items()) == [(1, 2), (2, 1)]
    assert list(summary.formats.items()) == [("WAV PCM_16", 2), ("OGG VORBIS", 1)]


def test_json_says_it_all(summary):
    told = json.loads(json.dumps(summary.to_json(), allow_nan=False))
    assert (told["name"], told["n_clips"], told["n_classes"], told["folds"]) == ("mine", 4, 3, [2])
    assert told["sample_rates"] == {"22050": 2, "44100": 1}
    assert [part["label"] for part in told["classes"]] == ["dog", "rain", "sea"]
    assert told["notes"] == ["a note"]


def test_without_labels_there_are_no_classes(tmp_path, measured):
    found = summarise(data(tmp_path, [""]), Measures(sounds=(measured(name="0.wav"),), unusable=()))
    told = found.to_json()
    assert (found.is_labelled, told["n_classes"], told["classes"]) == (False, 0, [])
    assert found.name == tmp_path.name


def test_where_no_clip_can_be_read_the_numbers_are_zero(tmp_path):
    bad = Unusable(index=0, name="0.wav", kind="empty", reason="empty")
    found = summarise(data(tmp_path, ["rain"]), Measures(sounds=(), unusable=(bad,)))
    assert (found.whole.total_s, found.whole.n_unusable, found.sample_rates) == (0.0, 1, {})
    json.dumps(found.to_json(), allow_nan=False)
