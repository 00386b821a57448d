from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.audio.write import write_sound
from earmark.audit.findings import Finding
from earmark.audit.fingerprint import fingerprint
from earmark.audit.measure import Measures, measure_dataset
from earmark.audit.repeats import SURE, Leaders, find_repeats, repeat_groups
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.splits import Split
from earmark.features.store import FeatureStore

RATE = 8000
NOISE = np.random.default_rng(0).standard_normal(30 * RATE).astype(np.float32)


def noise(start_s, seconds=2.5):
    """A stretch of one long noise, whose loudness goes up and down."""
    stretch = NOISE[round(start_s * RATE) :][: round(seconds * RATE)]
    return (0.1 * stretch * (1.2 + np.sin(np.arange(len(stretch)) / 700))).astype(np.float32)


class Data:
    """Sounds in a folder, with what a table says of them."""

    def __init__(self, root):
        self.root = root
        self.clips = []

    def add(self, name, waveform, label="rain", group=None, fold=None):
        write_sound(self.root / name, waveform, RATE)
        self.clips.append(
            Clip(name=name, path=self.root / name, label=label, group=group or name, fold=fold),
        )

    def add_copy(self, name, of):
        """Write a clip's samples anew, in another container; libsndfile scales floats, and leaves whole numbers."""
        steps, _ = soundfile.read(self.root / of, dtype="int16")
        soundfile.write(self.root / name, steps, RATE)
        self.clips.append(Clip(name=name, path=self.root / name, label="rain", group=name))

    def find(self, **options):
        dataset = Dataset(self.clips, self.root)
        measures = measure_dataset(dataset, store=FeatureStore(None), n_workers=1)
        return find_repeats(measures, dataset, **options)


@pytest.fixture
def data(tmp_path):
    return Data(tmp_path)


def test_an_exact_repeat_is_told_by_its_samples_and_not_by_its_bytes(data):
    data.add("a.wav", noise(0))
    data.add_copy("b.flac", of="a.wav")
    data.add("c.wav", noise(4))
    (found,) = data.find()
    assert (found.kind, found.severity, found.clips, found.score) == ("exact-repeat", "warning", ("a.wav", "b.flac"), 1)
    assert "2.50 s" in found.message


def test_many_exact_repeats_are_one_finding_and_its_near_repeat_another(data):
    for name in ("a.wav", "b.wav", "c.wav"):
        data.add(name, noise(0))
    data.add("d.ogg", noise(0) / 2)
    exact, near = data.find()
    assert exact.clips == ("a.wav", "b.wav", "c.wav")
    assert (near.kind, set(near.clips)) == ("near-repeat", {"a.wav", "d.ogg"})


@pytest.mark.parametrize("suffix", [".ogg", ".mp3", ".wav"])
def test_a_softer_trimmed_copy_in_another_encoding_is_found(data, suffix):
    data.add("a.wav", noise(0, 3))
    data.add(f"b{suffix}", noise(0, 3)[round(0.3 * RATE) :] / 2)
    data.add("other.wav", noise(8, 3))
    (found,) = data.find()
    assert (found.kind, found.clips) == ("near-repeat", (f"b{suffix}", "a.wav"))
    assert found.score > 0.9
    assert "nearly the same" in found.message


def test_an_excerpt_says_of_what_it_is_a_part_and_from_where_on(data):
    data.add("part.wav", noise(0, 6)[round(3.2 * RATE) : round(4.6 * RATE)])
    data.add("whole.wav", noise(0, 6))
    (found,) = data.find()
    assert found.clips == ("part.wav", "whole.wav")
    words = found.message.split()
    assert "is a part of whole.wav" in found.message
    assert float(words[words.index("from") + 1]) == pytest.approx(3.2, abs=0.05)


def test_clips_that_share_a_stretch_say_so(data):
    shared = noise(0, 1.5)
    data.add("a.wav", np.concatenate([noise(10, 2), shared]))
    data.add("b.wav", np.concatenate([shared, noise(20, 2)]))
    (found,) = data.find()
    assert "a stretch in common" in found.message


def test_other_sounds_are_no_repeats(data):
    for number in range(6):
        data.add(f"{number}.wav", noise(3 * number))
    assert data.find() == []


def test_silence_repeats_nothing(data):
    data.add("a.wav", np.zeros(RATE, np.float32))
    data.add("b.wav", np.zeros(RATE, np.float32))
    assert data.find() == []


@pytest.mark.parametrize(
    ("one", "other", "severity", "words"),
    [
        ({"label": "dog"}, {"label": "rain"}, "error", "labelled dog and rain"),
        ({"fold": 3}, {"fold": 5}, "error", "fold 3 and fold 5"),
        ({"fold": 3, "label": ""}, {"fold": 3, "label": ""}, "warning", "2 groups"),
        ({"label": ""}, {"label": ""}, "warning", "2 groups"),
        ({"group": "g"}, {"group": "g"}, "note", "in one group"),
    ],
)
def test_what_sets_the_two_apart_says_how_bad_it_is(data, one, other, severity, words):
    data.add("a.wav", noise(0), **one)
    data.add("b.wav", noise(0) / 2, **other)
    (found,) = data.find()
    assert (found.kind, found.severity) == ("near-repeat", severity)
    assert words in found.message


def test_an_exact_repeat_within_a_group_is_still_a_warning(data):
    data.add("a.wav", noise(0), group="g")
    data.add("b.wav", noise(0), group="g")
    (found,) = data.find()
    assert (found.severity, "count twice" in found.advice) == ("warning", True)


@pytest.mark.parametrize(
    ("split", "severity"),
    [
        (Split(train=(0,), validation=(), test=(1,)), "error"),
        (Split(train=(0, 1), validation=(), test=()), "note"),
        (Split(train=(0,), validation=(), test=()), "note"),
    ],
)
def test_a_repeat_on_two_sides_of_the_split_is_an_error(data, split, severity):
    data.add("a.wav", noise(0), group="g")
    data.add("b.wav", noise(0) / 2, group="g")
    (found,) = data.find(split=split)
    assert found.severity == severity
    assert ("train and test" in found.message) == (severity == "error")


def test_a_cluster_is_told_by_as_few_pairs_as_hold_it_together(data):
    for number in range(5):
        data.add(f"{number}.wav", noise(0) / (1 + number), label="dog" if number == 3 else "rain")
    found = data.find()
    assert len(found) == 4
    assert {name for one in found for name in one.clips} == {f"{number}.wav" for number in range(5)}
    assert {one.severity for one in found} == {"error", "warning"}


def test_a_clip_that_cannot_be_read_stands_in_no_ones_way(data):
    data.add("a.wav", noise(0), fold=1)
    data.add("bad.wav", noise(0), fold=1)
    data.add("z.wav", noise(0), fold=2)
    (data.root / "bad.wav").write_bytes(b"no sound")
    (found,) = data.find()
    assert found.clips == ("a.wav", "z.wav")
    assert "fold 1 and fold 2" in found.message


def test_nothing_measured_is_nothing_found():
    assert find_repeats(Measures(sounds=(), unusable=()), Dataset([], Path())) == []


def test_keys_that_collide_make_no_finding_of_sounds_that_differ(data):
    """A content key is trusted, a fingerprint is not: two sounds with the keys of one are held against each other."""
    data.add("a.wav", noise(0))
    data.add("b.wav", noise(5))
    dataset = Dataset(data.clips, data.root)
    measures = measure_dataset(dataset, store=FeatureStore(None), n_workers=1)
    first, second = measures.sounds
    prints = fingerprint(noise(0), RATE)
    faked = replace(second.fingerprint, keys=prints.keys, key_frames=prints.key_frames)
    faked_measures = replace(measures, sounds=(first, replace(second, fingerprint=faked)))
    assert find_repeats(faked_measures, dataset) == []


# ---------------------------------------------------------------- groups


def clip(name, group):
    return Clip(name=name, path=Path(name), label="rain", group=group)


def repeat(*names, kind="near-repeat"):
    return Finding(kind=kind, severity="warning", clips=names, score=1, message="", advice="")


def test_groups_that_a_repeat_connects_become_the_first_of_them():
    dataset = Dataset([clip("a", "z"), clip("b", "m"), clip("c", "m"), clip("d", "a"), clip("e", "e")], Path())
    groups = repeat_groups(dataset, [repeat("d", "c"), repeat("b", "a", kind="exact-repeat")])
    assert groups == {"a": "z", "b": "z", "c": "z", "d": "z"}


def test_a_repeat_within_a_group_and_other_findings_change_no_group():
    dataset = Dataset([clip("a", "g"), clip("b", "g"), clip("c", "h")], Path())
    findings = [repeat("a", "b"), replace(repeat("a", "c"), kind="label")]
    assert repeat_groups(dataset, findings) == {}


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=15))
@settings(max_examples=20, deadline=None)
def test_groups_are_what_a_search_through_all_repeats_finds(links):
    dataset = Dataset([clip(f"c{number}", f"g{number % 6}") for number in range(12)], Path())
    groups = repeat_groups(dataset, [repeat(f"c{one}", f"c{other}") for one, other in links])
    reached = [{number} for number in range(12)]
    ties = [*links, *((number, number % 6) for number in range(12))]
    for _ in range(12):
        for one, other in ties:
            reached[one] = reached[other] = reached[one] | reached[other]
    for one in range(12):
        for other in range(12):
            same = groups.get(f"c{one}", f"g{one % 6}") == groups.get(f"c{other}", f"g{other % 6}")
            assert same == (other in reached[one])


@pytest.mark.timeout(20)
def test_a_long_chain_of_repeats_is_joined_in_no_time():
    leaders = Leaders()
    for number in range(50_000):
        leaders.join(number + 1, number)
    assert len({leaders.of(number) for number in range(50_001)}) == 1


def with_click(place_s, click, seconds=2.0):
    """Silence with a short sound in it."""
    waveform = np.zeros(round(seconds * RATE), np.float32)
    begin = round(place_s * RATE)
    waveform[begin : begin + len(click)] = click
    return waveform


def test_a_short_sound_in_two_clips_is_a_note_and_makes_no_group(data):
    click = noise(3, 0.2)
    data.add("a.wav", with_click(0.5, click), label="door")
    data.add("b.wav", with_click(0.9, 0.7 * click), label="mouse")
    (found,) = data.find()
    assert (found.kind, found.severity) == ("near-repeat", "note")
    assert found.score < SURE
    assert "have a short stretch in common, labelled door and mouse" in found.message
    assert repeat_groups(Dataset(data.clips, data.root), [found]) == {}


def test_clips_that_are_short_as_a_whole_still_repeat(data):
    click = noise(3, 0.45)
    data.add("a.wav", with_click(0.02, click, 0.5), label="door")
    data.add("b.wav", with_click(0.02, 0.7 * click, 0.5), label="mouse")
    (found,) = data.find()
    assert (found.severity, found.score >= SURE) == ("error", True)
