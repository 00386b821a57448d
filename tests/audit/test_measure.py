import json
import shutil
import threading

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.audio.blocks import sound_blocks
from earmark.audit import clipping as clipping_module
from earmark.audit import measure as measure_module
from earmark.audit.fingerprint import Fingerprint
from earmark.audit.measure import Measured, SoundKey, measure, measure_dataset, sound_key, why_unusable
from earmark.audit.repeats import find_repeats
from earmark.errors import SettingError
from earmark.features.store import FeatureStore

RATE = 22050
NOISE = (0.1 * np.random.default_rng(0).standard_normal(2 * RATE)).astype(np.float32)


def look(dataset, store=None, **settings):
    return measure_dataset(dataset, store=store or FeatureStore(None), n_workers=2, **settings)


def same(one, other):
    """Whether two measures of a clip are equal, fingerprints by their arrays."""
    plain = [{key: value for key, value in vars(sound).items() if key != "fingerprint"} for sound in (one, other)]
    prints = [sound.fingerprint.to_array() for sound in (one, other)]
    return plain[0] == plain[1] and np.array_equal(*prints)


@pytest.fixture
def decoded(monkeypatch):
    names = []
    real = measure_module.clip_blocks
    monkeypatch.setattr(measure_module, "clip_blocks", lambda clip: names.append(clip.name) or real(clip))
    return names


@pytest.fixture
def two(write_sound, dataset_of):
    write_sound("x/a.wav", NOISE)
    write_sound("x/b.flac", [NOISE, 0 * NOISE])
    return dataset_of("x/a.wav", "x/b.flac")


def test_each_clip_is_measured_as_it_is_stored(two):
    plain, stereo = look(two).sounds
    assert (plain.index, plain.name, plain.container, plain.subtype) == (0, "x/a.wav", "WAV", "PCM_16")
    assert (plain.sample_rate, plain.n_channels, plain.duration_s) == (RATE, 1, 2.0)
    assert plain.rms_db == pytest.approx(-20, abs=0.2)
    assert plain.peak == pytest.approx(np.abs(NOISE).max(), abs=1e-4)
    assert plain.bandwidth_hz == RATE / 2
    assert (plain.n_clipped_runs, plain.clipped_share, plain.dead_channels, plain.silent_stretches) == (0, 0.0, (), ())
    assert (stereo.n_channels, stereo.dead_channels, stereo.container) == (2, (1,), "FLAC")
    assert stereo.rms_db == pytest.approx(plain.rms_db - 6.02, abs=0.05)
    assert isinstance(plain.fingerprint, Fingerprint)


def test_the_second_time_nothing_is_decoded_and_the_same_is_told(two, tmp_path, decoded):
    store = FeatureStore(tmp_path / "store")
    first = look(two, store)
    store.close()
    again = look(two, FeatureStore(tmp_path / "store"))
    assert sorted(decoded) == ["x/a.wav", "x/b.flac"]
    assert all(same(*pair) for pair in zip(first.sounds, again.sounds, strict=True))


def test_a_renamed_clip_is_known_and_an_edited_one_is_not(two, tmp_path, decoded, dataset_of, write_sound):
    store = FeatureStore(tmp_path / "store")
    look(two, store)
    decoded.clear()
    shutil.copy(tmp_path / "x/a.wav", tmp_path / "x/c.wav")
    write_sound("x/b.flac", NOISE)
    look(dataset_of("x/c.wav", "x/b.flac"), store)
    assert decoded == ["x/b.flac"]


@pytest.mark.slow
def test_an_audit_that_was_cut_off_goes_on_where_it_was(write_sound, dataset_of, tmp_path, decoded):
    names = [f"x/{number}.wav" for number in range(60)]
    for number, name in enumerate(names):
        write_sound(name, NOISE[: 2000 + number])

    class CutOff:
        def start(self, title, n_steps):
            self.n_left = 20

        def advance(self, note=""):
            self.n_left -= 1
            if not self.n_left:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look(dataset_of(*names), FeatureStore(tmp_path / "store"), progress=CutOff())
    n_before = len(decoded)
    assert 20 <= n_before < 60
    look(dataset_of(*names), FeatureStore(tmp_path / "store"))
    assert sorted(set(decoded)) == sorted(names)
    assert len(decoded) == 60


def test_two_at_once_tell_the_same(two, tmp_path):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(look(two, FeatureStore(tmp_path / "store")))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(same(*pair) for pair in zip(found[0].sounds, found[1].sounds, strict=True))


@pytest.mark.parametrize("damage", [b"", b"{}", b"not json", b'{"sample_rate": 1}'])
def test_what_cannot_be_read_back_is_measured_anew(two, tmp_path, decoded, damage, monkeypatch):
    store = FeatureStore(tmp_path / "store")
    keys = []
    real = store.put
    monkeypatch.setattr(store, "put", lambda key, array: keys.append(key) or real(key, array))
    first = look(two, store)
    for key in keys:
        if store.get(key).dtype == np.uint8:
            real(key, np.frombuffer(damage, np.uint8))
    decoded.clear()
    again = look(two, store)
    assert sorted(decoded) == ["x/a.wav", "x/b.flac"]
    assert all(same(*pair) for pair in zip(first.sounds, again.sounds, strict=True))


def test_bad_files_are_named_with_their_kind_and_the_others_measured(two, write_sound, dataset_of, tmp_path):
    whole = (tmp_path / "x/a.wav").read_bytes()
    (tmp_path / "x/cut.wav").write_bytes(whole[:2000])
    (tmp_path / "x/none.wav").write_bytes(b"")
    (tmp_path / "x/header.wav").write_bytes(b"")
    soundfile.write(tmp_path / "x/header.wav", np.zeros(0), RATE)
    (tmp_path / "x/text.wav").write_text("no sound")
    bad = NOISE.copy()
    bad[7] = np.inf
    write_sound("x/nan.wav", bad, subtype="FLOAT")
    names = ["x/cut.wav", "x/none.wav", "x/a.wav", "x/header.wav", "x/text.wav", "x/nan.wav", "x/gone.wav"]
    found = look(dataset_of(*names))
    assert [(clip.index, clip.name, clip.kind) for clip in found.unusable] == [
        (0, "x/cut.wav", "truncated"),
        (1, "x/none.wav", "empty"),
        (3, "x/header.wav", "empty"),
        (4, "x/text.wav", "unreadable"),
        (5, "x/nan.wav", "not-finite"),
        (6, "x/gone.wav", "unreadable"),
    ]
    assert [sound.index for sound in found.sounds] == [2]
    assert all(str(tmp_path) not in clip.reason for clip in found.unusable)


def test_a_truncated_ogg_is_truncated(write_sound, dataset_of, tmp_path):
    path = write_sound("x/a.ogg", NOISE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert [clip.kind for clip in look(dataset_of("x/a.ogg")).unusable] == ["truncated"]


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("3 of 9 samples are not finite (NaN or infinite), the first at 0.000 s: write it anew", "not-finite"),
        ("the file is empty (0 bytes): copy or download it again", "empty"),
        ("the file is truncated or damaged: it cannot be decoded to its end", "truncated"),
        ("permission to read it is denied", "unreadable"),
    ],
)
def test_reasons_are_sorted_into_kinds(reason, kind):
    assert why_unusable(reason) == kind


def test_the_same_sound_has_one_key_whatever_holds_it(write_sound, dataset_of):
    steps = (np.rint(NOISE * 32768) / 32768).astype(np.float32)
    write_sound("x/a.wav", steps)
    write_sound("x/b.flac", steps)
    write_sound("x/c.wav", steps, subtype="FLOAT")
    write_sound("x/d.wav", [steps, steps], subtype="PCM_24")
    write_sound("x/e.wav", -steps)
    write_sound("x/f.wav", steps, rate=44100)
    sounds = look(dataset_of(*(f"x/{name}" for name in ("a.wav", "b.flac", "c.wav", "d.wav", "e.wav", "f.wav")))).sounds
    keys = [sound.content_key for sound in sounds]
    assert len(set(keys[:4])) == 1
    assert len(set(keys)) == 3
    assert keys[0] == sound_key(steps, RATE)


def test_channels_that_cancel_out_do_not_make_sounds_the_same(write_sound, dataset_of):
    rng = np.random.default_rng(8)
    sounds = [(np.rint(rng.uniform(-9000, 9000, RATE)) / 32768).astype(np.float32) for _ in range(3)]
    for number, sound in enumerate(sounds):
        write_sound(f"x/{number}.wav", [sound, -sound])
    write_sound("x/swapped.wav", [-sounds[0], sounds[0]])
    write_sound("x/again.wav", [sounds[0], -sounds[0]])
    names = ("0.wav", "1.wav", "2.wav", "swapped.wav", "again.wav")
    clips = dataset_of(*(f"x/{name}" for name in names))
    measures = look(clips)
    keys = [sound.content_key for sound in measures.sounds]

    assert len(set(keys)) == 4
    assert keys[0] == keys[4]
    assert [finding.clips for finding in find_repeats(measures, clips)] == [("x/0.wav", "x/again.wav")]


def test_what_is_measured_can_be_written_as_json(two):
    for sound in look(two).sounds:
        values = {key: value for key, value in vars(sound).items() if key != "fingerprint"}
        json.dumps(values, allow_nan=False)
        assert {key: type(value) for key, value in values.items()} == {
            key: type(value)
            for key, value in vars(Measured(**values, fingerprint=sound.fingerprint)).items()
            if key != "fingerprint"
        }


def test_no_workers_are_refused(two):
    with pytest.raises(SettingError, match="n_workers must be at least 1, not 0"):
        measure_dataset(two, store=FeatureStore(None), n_workers=0)


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(st.integers(3000, 200_000), st.sampled_from(["long.wav", "long.flac", "long.ogg"]))
def test_blocks_of_any_length_have_the_measures_of_the_whole(long_sounds, block_samples, name):
    whole, heard = measure(sound_blocks(long_sounds / name, block_samples=1 << 24))
    values, print_of_sound = measure(sound_blocks(long_sounds / name, block_samples=block_samples))
    np.testing.assert_array_equal(print_of_sound.to_array(), heard.to_array())
    for name_of_value in ("rms_db", "offset"):
        assert values.pop(name_of_value) == pytest.approx(whole[name_of_value], rel=1e-9)
    assert values == {key: value for key, value in whole.items() if key in values}
    assert values["leading_silence_s"] == pytest.approx(1.2, abs=0.05)
    assert values["silent_stretches"] == ((0, pytest.approx(1.2, abs=0.05)),)
    assert values["n_clipped_runs"] > 5 or name.endswith("ogg")


@pytest.fixture(scope="module")
def long_sounds(tmp_path_factory):
    """Two channels, 3.2 s: silence, noise, and a clipped tone; one channel is louder."""
    folder = tmp_path_factory.mktemp("long")
    rng, time_s = np.random.default_rng(0), np.arange(RATE) / RATE
    parts = [np.zeros(RATE * 6 // 5), 0.1 * rng.standard_normal(RATE), np.clip(3 * np.sin(2764 * time_s), -1, 1)]
    sound = np.concatenate(parts)[:, np.newaxis] * [0.9, 0.5]
    for suffix in ("wav", "flac", "ogg"):
        soundfile.write(folder / f"long.{suffix}", sound, RATE)
    return folder


def test_a_sound_that_is_clipped_all_the_time_is_gone_through_again_with_the_same_count(long_sounds, monkeypatch):
    sound = sound_blocks(long_sounds / "long.wav", block_samples=5000)
    expected, _ = measure(sound)
    monkeypatch.setattr(clipping_module, "_MOST_HELD", 1000)
    assert measure(sound)[0] == expected


def test_the_key_of_a_sound_is_that_of_its_blocks():
    rng = np.random.default_rng(0)
    for sound in (rng.standard_normal((1, 999)), rng.standard_normal((2, 999)), np.ones((3, 999))):
        channels = sound.astype(np.float32)
        key = SoundKey(len(channels))
        for block in np.split(channels, [1, 500], axis=1):
            key.add(block)
        assert key.finish(RATE) == sound_key(channels, RATE)
