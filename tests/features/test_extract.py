import contextlib
import dataclasses
import errno
import gc
import os
import subprocess
import sys
import threading
import time
import typing
import weakref
from itertools import pairwise

import numpy as np
import pytest
import soundfile
import torch

from earmark._util.files import content_key
from earmark.audio.pcm import decode_plain_wav
from earmark.audio.read import read_sound
from earmark.audio.segments import Segments
from earmark.audio.stored import StoredFile
from earmark.augment.chain import parse_steps
from earmark.data.clip import Clip
from earmark.errors import DataError, SettingError, StorageError
from earmark.features import extract
from earmark.features.apply import segment_features
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import BadFile, Recipe, Version, describe_bad_files, extract_features
from earmark.features.log_mel import LogMelSettings
from earmark.features.mfcc import Mfcc, MfccSettings
from earmark.features.statistics import StatisticsSettings
from earmark.features.store import FeatureStore
from earmark.features.stored import StoredArrays

SEGMENTS = Segments(length_samples=5000, hop_samples=5000)
MFCC = Recipe(front_end="mfcc", settings=MfccSettings(), segments=SEGMENTS)
STATISTICS = Recipe(front_end="statistics", settings=StatisticsSettings())


class Steps:
    def __init__(self):
        self.told = []

    def start(self, title, n_steps):
        self.told.append((title, n_steps))

    def advance(self, note=""):
        self.told.append("step")


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "store")


@pytest.fixture
def decoded(monkeypatch, tmp_path):
    """List the files that are decoded, on whichever way."""
    names = []

    def count(path, **stretch):
        names.append(path.name)
        return read_sound(path, **stretch)

    def count_plain(content):
        plain = decode_plain_wav(content)
        if plain is not None:
            names.append(next(path.name for path in tmp_path.glob("*.wav") if path.read_bytes() == content))
        return plain

    monkeypatch.setattr(extract, "read_sound", count)
    monkeypatch.setattr(extract, "decode_plain_wav", count_plain)
    return names


@pytest.fixture(params=["quick", "slow"])
def way(request, monkeypatch):
    """Decode plain WAV files both ways."""
    if request.param == "slow":
        monkeypatch.setattr(extract, "decode_plain_wav", lambda content: None)


def clip(path, **where):
    return Clip(name=path.name, path=path, label="dog", group=path.name, **where)


@pytest.fixture
def clips(sounds):
    return [clip(sounds.write(f"tone{n}.wav", frequency_hz=300 + 100 * n, seed=n)) for n in range(4)]


def assert_same(one, other):
    assert one.kept == other.kept
    assert one.contents == other.contents
    assert one.shapes == other.shapes
    assert one.bad == other.bad
    assert one.silent == other.silent
    for left, right in zip(one.arrays, other.arrays, strict=True):
        np.testing.assert_array_equal(left, right)


def test_each_recipe_gives_one_set_of_all_clips(clips, store):
    mfcc, statistics = extract_features(clips, [MFCC, STATISTICS], store=store)
    assert mfcc.kept == statistics.kept == (0, 1, 2, 3)
    assert mfcc.bad == mfcc.silent == ()
    assert [array.shape for array in mfcc.arrays] == [(4, 13, 10)] * 4
    assert [array.shape for array in statistics.arrays] == [(1, 100, 1)] * 4
    assert {array.dtype for features in (mfcc, statistics) for array in features.arrays} == {np.dtype(np.float32)}
    for features in (mfcc, statistics):
        assert features.shapes == tuple(array.shape for array in features.arrays)


@pytest.mark.parametrize("has_store", [True, False])
def test_the_content_of_each_kept_file_is_named(has_store, clips, store, tmp_path):
    (tmp_path / "text.wav").write_text("this is no sound", encoding="utf-8")
    mixed = [clips[0], clip(tmp_path / "text.wav"), clips[2]]
    for _ in range(2):
        (features,) = extract_features(mixed, [MFCC], store=store if has_store else FeatureStore(None))
        assert features.contents == tuple(content_key(one.path) for one in (clips[0], clips[2]))


def test_the_features_are_in_the_order_of_the_clips(clips, store):
    (forwards,) = extract_features(clips, [MFCC], store=store, n_workers=4)
    (backwards,) = extract_features(clips[::-1], [MFCC], store=FeatureStore(None))
    for left, right in zip(forwards.arrays, backwards.arrays[::-1], strict=True):
        np.testing.assert_array_equal(left, right)
    for left, right in pairwise(forwards.arrays):
        assert not np.array_equal(left, right)


def test_the_number_of_workers_changes_no_number(clips):
    one, *others = [extract_features(clips, [MFCC], store=FeatureStore(None), n_workers=n)[0] for n in (1, 3, None)]
    for other in others:
        assert_same(one, other)


@pytest.mark.parametrize(("n_processors", "n_workers"), [(1, 1), (3, 3), (64, 8)])
@pytest.mark.parametrize("knows_affinity", [True, False])
def test_where_nothing_is_said_there_is_one_worker_a_processor(
    n_processors, n_workers, knows_affinity, clips, monkeypatch
):
    asked = []
    if knows_affinity:
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(n_processors)), raising=False)
    else:
        monkeypatch.delattr(os, "sched_getaffinity", raising=False)
        monkeypatch.setattr(os, "cpu_count", lambda: n_processors)
    pool = extract.ThreadPoolExecutor
    monkeypatch.setattr(extract, "ThreadPoolExecutor", lambda n, **rest: asked.append(n) or pool(n, **rest))
    extract_features(clips, [MFCC], store=FeatureStore(None))
    assert asked == [n_workers]


@pytest.mark.parametrize("name", ["mono.wav", "stereo.wav", "rate.wav", "float.wav", "a.flac"])
@pytest.mark.parametrize("segments", [SEGMENTS, Segments(length_samples=4000, hop_samples=1500), None])
def test_a_plain_wav_decoded_quickly_gives_the_same_numbers(name, segments, sounds, monkeypatch):
    path = sounds.write(
        name,
        n_channels=2 if name == "stereo.wav" else 1,
        sample_rate=32000 if name == "rate.wav" else 22050,
        subtype="FLOAT" if name == "float.wav" else None,
    )
    recipe = dataclasses.replace(MFCC, segments=segments)
    (quick,) = extract_features([clip(path)], [recipe, STATISTICS], store=FeatureStore(None))[:1]
    n_decoded = []
    monkeypatch.setattr(extract, "decode_plain_wav", lambda content: n_decoded.append(1))
    (slow,) = extract_features([clip(path)], [recipe], store=FeatureStore(None))
    assert_same(quick, slow)
    assert n_decoded == [1]


def test_a_file_too_long_for_one_piece_gives_the_same(clips, sounds, monkeypatch):
    (expected,) = extract_features(clips, [MFCC], store=FeatureStore(None))
    monkeypatch.setattr(extract, "_MOST_AT_ONCE", 1000)
    monkeypatch.setattr(extract, "decode_plain_wav", lambda content: pytest.fail("it was read in one piece"))
    (features,) = extract_features(clips, [MFCC], store=FeatureStore(None))
    assert_same(features, expected)


def test_a_whole_file_is_read_once(clips, store, monkeypatch):
    monkeypatch.setattr(extract, "read_sound", lambda *_, **__: pytest.fail("a plain WAV was read a second time"))
    monkeypatch.setattr(extract, "content_key", lambda _: pytest.fail("a plain WAV was read a second time"))
    for _ in range(2):
        (features,) = extract_features(clips, [MFCC], store=store)
        assert len(features.arrays) == 4


def test_each_file_is_decoded_once_for_all_recipes_and_never_again(clips, store, decoded):
    first = extract_features(clips, [MFCC, STATISTICS], store=store)
    assert sorted(decoded) == [one.name for one in clips]
    decoded.clear()
    second = extract_features(clips, [MFCC, STATISTICS], store=FeatureStore(store.folder))
    assert decoded == []
    for left, right in zip(first, second, strict=True):
        assert_same(left, right)


def test_a_recipe_that_is_new_is_computed_alone(clips, store, monkeypatch):
    extract_features(clips, [MFCC], store=store)
    computed = []
    compute = extract._compute
    monkeypatch.setattr(
        extract, "_compute", lambda one, course, waveform: computed.append(course) or compute(one, course, waveform)
    )
    extract_features(clips, [MFCC, STATISTICS], store=store)
    assert {course.wording["front_end"] for course in computed} == {"statistics"}


def test_without_a_store_every_run_decodes(clips, decoded):
    for _ in range(2):
        extract_features(clips, [MFCC], store=FeatureStore(None))
    assert len(decoded) == 8


def test_an_edited_file_is_noticed(clips, store, decoded, sounds):
    (before,) = extract_features(clips, [MFCC], store=store)
    times = clips[1].path.stat()
    sounds.write(clips[1].path.name, frequency_hz=3000)
    os.utime(clips[1].path, ns=(times.st_atime_ns, times.st_mtime_ns))  # the time of change is not to be trusted
    decoded.clear()
    (after,) = extract_features(clips, [MFCC], store=store)
    assert decoded == [clips[1].name]
    assert not np.array_equal(before.arrays[1], after.arrays[1])
    np.testing.assert_array_equal(before.arrays[2], after.arrays[2])


def test_a_renamed_file_is_found_again(clips, store, decoded, tmp_path):
    extract_features(clips, [MFCC], store=store)
    decoded.clear()
    renamed = [clip(one.path.rename(tmp_path / f"new name {one.name}")) for one in clips]
    extract_features(renamed, [MFCC], store=store)
    assert decoded == []


def test_a_damaged_entry_is_made_again(clips, store, decoded, monkeypatch):
    """The store says of what is damaged that it is not there."""
    (before,) = extract_features(clips, [MFCC], store=store)
    get, damaged = FeatureStore.get, set()

    def damage_two(store, key):
        array = get(store, key)
        if array is not None and len(damaged) < 2 and array.ndim == 3:
            damaged.add(key)
            return None
        return array

    monkeypatch.setattr(FeatureStore, "get", damage_two)
    decoded.clear()
    (after,) = extract_features(clips, [MFCC], store=store)
    assert len(decoded) == len(damaged) == 2
    assert_same(before, after)


def test_what_the_store_loses_afterwards_is_an_error(clips, store, monkeypatch):
    (features,) = extract_features(clips, [MFCC], store=store)
    monkeypatch.setattr(FeatureStore, "get", lambda store, key: None)
    with pytest.raises(StorageError, match="start again"):
        features.arrays[0]


def different(settings):
    """Yield copies of the settings, each with one value changed to another that is allowed."""
    hints = typing.get_type_hints(type(settings))
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        options = [option for part in typing.get_args(hints[field.name]) for option in typing.get_args(part) or [part]]
        numbers = [] if value is None or isinstance(value, str) else [value + 1, value * 2, value // 2]
        candidates = [not value] if isinstance(value, bool) else [*numbers, *options, *FRONT_ENDS, None, 10000.0, 1, 2]
        for candidate in candidates:
            with contextlib.suppress(SettingError, TypeError):
                if candidate != value:
                    yield dataclasses.replace(settings, **{field.name: candidate})
                    break
        else:
            pytest.fail(f"no other value is known here for {field.name} of {settings}")


@pytest.mark.parametrize("name", sorted(name for name, kind in FRONT_ENDS.items() if kind.takes == "waveform"))
def test_settings_that_differ_in_one_value_are_kept_apart(name, clips):
    settings = FRONT_ENDS[name].settings()
    every = [settings, *different(settings)]
    keys = set()
    for changed in every:
        course = extract._Course.of(Recipe(front_end=name, settings=changed))
        keys.add(extract._key(clips[0], "content", course.wording))
    assert len(keys) == len(every) == 1 + len(dataclasses.fields(settings))


@pytest.mark.parametrize(
    "change",
    [
        {"segments": None},
        {"segments": Segments(length_samples=5001, hop_samples=5000)},
        {"segments": Segments(length_samples=5000, hop_samples=4999)},
        {"front_end": "statistics", "settings": StatisticsSettings(n_mfcc=13)},
    ],
)
def test_another_cut_or_front_end_is_kept_apart(change, clips, store, decoded):
    extract_features(clips[:1], [MFCC], store=store)
    extract_features(clips[:1], [dataclasses.replace(MFCC, **change)], store=store)
    assert len(decoded) == 2


def test_a_new_version_of_the_code_is_kept_apart(clips, store, decoded, monkeypatch):
    extract_features(clips[:1], [MFCC], store=store)
    monkeypatch.setattr(extract, "FEATURES_VERSION", extract.FEATURES_VERSION + 1)
    extract_features(clips[:1], [MFCC], store=store)
    assert len(decoded) == 2


def test_stretches_of_one_file_are_kept_apart(sounds, store):
    path = sounds.write("long.wav", seconds=3.0, kind="noise")
    bounds = [(0.0, 1.0), (1.0, 2.0), (1.0, None), (0.5, 2.0)]
    stretches = [clip(path, start_s=start_s, end_s=end_s) for start_s, end_s in bounds]
    for _ in range(2):
        (features,) = extract_features(stretches, [MFCC], store=store)
        assert [len(array) for array in features.arrays] == [4, 4, 9, 7]
        assert not np.array_equal(features.arrays[0], features.arrays[1])
        np.testing.assert_array_equal(features.arrays[1][:4], features.arrays[2][:4])


def test_a_sound_is_resampled_to_each_recipes_rate(sounds, store, decoded):
    path = sounds.write("tone.wav", sample_rate=44100)
    recipes = [Recipe(front_end="log-mel", settings=LogMelSettings(sample_rate=rate)) for rate in (22050, 44100, 16000)]
    sets = extract_features([clip(path)], recipes, store=store)
    assert [one.arrays[0].shape[-1] for one in sets] == [44, 87, 32]
    assert decoded == ["tone.wav"]


def test_the_features_are_those_of_the_resampled_sound(sounds, store):
    path = sounds.write("stereo.flac", sample_rate=32000, n_channels=2, kind="noise")
    (features,) = extract_features([clip(path)], [MFCC], store=store)
    waveform, _ = read_sound(path, sample_rate=22050)
    np.testing.assert_allclose(features.arrays[0], segment_features(waveform, Mfcc(), SEGMENTS), atol=1e-3)


def spoil(sounds, tmp_path):
    """Write sounds that cannot be used, and return their clips."""
    (tmp_path / "text.wav").write_text("this is no sound", encoding="utf-8")
    (tmp_path / "empty.wav").write_bytes(b"")
    samples = np.zeros(5000, dtype=np.float32)
    samples[100] = np.nan
    soundfile.write(tmp_path / "nan.wav", samples, 22050, subtype="FLOAT")
    samples[100] = 1e30
    soundfile.write(tmp_path / "huge.wav", samples, 22050, subtype="FLOAT")
    return [clip(tmp_path / name) for name in ("text.wav", "empty.wav", "nan.wav", "huge.wav", "missing.wav")]


def test_bad_files_are_left_out_of_every_set_and_named(clips, sounds, store, tmp_path):
    bad = spoil(sounds, tmp_path)
    mixed = [bad[0], clips[0], *bad[1:], clips[1]]
    for _ in range(2):
        sets = extract_features(mixed, [STATISTICS, MFCC], store=store)
        for features in sets:
            assert features.kept == (1, 6)
            assert len(features.arrays) == 2
            assert [file.name for file in features.bad] == [one.name for one in bad]
            assert all(file.reason and str(tmp_path) not in file.reason for file in features.bad)
            assert all(np.isfinite(array).all() for array in features.arrays)


def test_a_clip_that_is_bad_for_one_recipe_is_left_out_of_all(clips, store, monkeypatch):
    class Broken(torch.nn.Module):
        def forward(self, waveform):
            return torch.full((len(waveform), 3, 1), float("nan"))

    recipes = [MFCC, STATISTICS]
    kind = FRONT_ENDS["statistics"]
    catalogue = {"mfcc": FRONT_ENDS["mfcc"], "statistics": dataclasses.replace(kind, build=lambda _: Broken())}
    monkeypatch.setattr(extract, "FRONT_ENDS", catalogue)
    with pytest.raises(DataError, match="4 of 4 files could not be read"):
        extract_features(clips, recipes, store=store)


def test_strict_refuses_and_names_every_bad_file(clips, sounds, store, tmp_path):
    bad = spoil(sounds, tmp_path)
    with pytest.raises(DataError, match=r"5 of 9 files could not be read: text\.wav \(.*missing\.wav \("):
        extract_features([*clips, *bad], [MFCC], store=store, strict=True)


def test_a_data_set_of_bad_files_only_is_refused(sounds, store, tmp_path):
    with pytest.raises(DataError, match="5 of 5"):
        extract_features(spoil(sounds, tmp_path), [MFCC], store=store)


@pytest.mark.parametrize(("start_s", "end_s"), [(5.0, 6.0), (0.5, 0.5), (0.5, 0.2), (-1.0, 1.0)])
def test_a_stretch_that_cannot_be_is_bad_and_the_others_are_kept(start_s, end_s, sounds, clips, store):
    (features,) = extract_features([clip(clips[0].path, start_s=start_s, end_s=end_s), clips[1]], [MFCC], store=store)
    assert features.kept == (1,)
    assert [file.name for file in features.bad] == [clips[0].name]


def test_many_bad_files_are_counted_after_ten():
    line = describe_bad_files([BadFile(f"{n}.wav", "it is empty") for n in range(13)], 1000)
    assert line.startswith("13 of 1000 files could not be read: 0.wav (it is empty), 1.wav")
    assert line.endswith("9.wav (it is empty) and 3 more")
    assert "\n" not in line


def test_a_folder_with_something_else_in_it_is_no_store_and_nothing_is_decoded(clips, tmp_path, decoded):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("not features")
    with pytest.raises(StorageError, match="notes"):
        extract_features(clips, [MFCC], store=FeatureStore(tmp_path / "notes"))
    assert decoded == []


@pytest.mark.parametrize("folder", [True, False])
def test_silence_is_kept_and_told_in_every_run(folder, sounds, clips, tmp_path, decoded):
    store = FeatureStore(tmp_path / "store" if folder else None)
    silence = clip(sounds.write("nothing.wav", kind="silence"))
    # Nearly silent is not silent: one sample of the least level.
    samples = np.zeros(22050, dtype=np.int16)
    samples[11000] = 1
    soundfile.write(tmp_path / "nearly.wav", samples, 22050)
    for _ in range(2):
        sets = extract_features([clips[0], silence, clip(tmp_path / "nearly.wav")], [MFCC, STATISTICS], store=store)
        assert all(features.kept == (0, 1, 2) for features in sets)
        assert all(features.silent == ("nothing.wav",) for features in sets)
    assert len(decoded) == (3 if folder else 6)


def test_a_clip_shorter_than_a_segment_is_kept(sounds, store):
    (features,) = extract_features([clip(sounds.write("short.wav", seconds=0.01))], [MFCC], store=store)
    assert features.arrays[0].shape == (1, 13, 10)


def test_a_store_that_cannot_be_written_costs_the_store_and_not_the_run(clips, tmp_path, caplog, decoded):
    (expected,) = extract_features(clips, [MFCC], store=FeatureStore(None))
    (tmp_path / "taken").write_text("no folder can be made below a file")
    (features,) = extract_features(clips, [MFCC], store=FeatureStore(tmp_path / "taken" / "store"))
    decoded.clear()
    assert_same(features, expected)
    assert_same(features, expected)
    assert decoded == []
    assert len(caplog.records) == 1


def test_without_a_store_arrays_are_in_memory_and_cannot_be_written_to(clips):
    (features,) = extract_features(clips, [MFCC], store=FeatureStore(None))
    assert features.arrays[0] is features.arrays[0]
    with pytest.raises(ValueError, match="read-only"):
        features.arrays[0][:] = 0


def test_from_a_store_they_are_read_when_asked_for(clips, store):
    (features,) = extract_features(clips, [MFCC], store=store)
    assert isinstance(features.arrays, StoredArrays)
    assert features.arrays.store is store
    assert features.arrays.shapes == features.shapes


@pytest.mark.slow
def test_no_array_is_in_memory_when_the_store_has_it(clips, store, monkeypatch):
    alive = []
    compute = extract._compute

    def watch(*arguments):
        array = compute(*arguments)
        alive.append(weakref.ref(array))
        return array

    monkeypatch.setattr(extract, "_compute", watch)
    (features,) = extract_features(clips, [MFCC], store=store)
    gc.collect()
    assert [reference() for reference in alive] == [None] * 4
    assert len(features.arrays[0]) == 4


def test_progress_is_told_of_every_clip_good_or_bad(clips, sounds, store, tmp_path):
    for _ in range(2):
        steps = Steps()
        extract_features([*clips, *spoil(sounds, tmp_path)], [MFCC], store=store, progress=steps)
        assert steps.told == [("features", 9), *["step"] * 9]


def test_no_clips_give_empty_sets(store):
    (features,) = extract_features([], [MFCC], store=store)
    assert list(features.arrays) == list(features.kept) == list(features.contents) == []


def test_an_unknown_front_end_is_refused(clips, store):
    with pytest.raises(SettingError, match="did you mean 'mfcc'"):
        extract_features(clips, [Recipe(front_end="mfc", settings=MfccSettings())], store=store)


def test_settings_of_another_front_end_are_refused(clips, store):
    with pytest.raises(SettingError, match="'mfcc' takes MfccSettings, not LogMelSettings"):
        extract_features(clips, [Recipe(front_end="mfcc", settings=LogMelSettings())], store=store)


@pytest.mark.parametrize("takes", ["features", "picture"])
def test_a_front_end_that_takes_no_sound_is_refused(takes, clips, store, monkeypatch):
    kind = dataclasses.replace(FRONT_ENDS["mfcc"], takes=takes)
    monkeypatch.setattr(extract, "FRONT_ENDS", {"mfcc": kind})
    with pytest.raises(SettingError, match=f"^front end 'mfcc' takes {takes} and no sound: .*$"):
        extract_features(clips, [MFCC], store=store)


def test_no_workers_are_refused(clips, store):
    with pytest.raises(SettingError, match="n_workers must be at least 1, not 0"):
        extract_features(clips, [MFCC], store=store, n_workers=0)


def test_a_version_whose_steps_take_no_waveforms_is_refused(clips, store):
    version = Version(recipe=MFCC, steps=tuple(parse_steps(["gain", "time-mask"])), seed=0, number=1)
    with pytest.raises(SettingError, match="need steps that take waveforms, not 'gain,time-mask'"):
        extract_features(clips, [version], store=store)


def test_a_version_stands_beside_the_sound_as_it_is_and_is_kept_apart(clips, store, decoded):
    steps = tuple(parse_steps(["gain:gain_db_low=20:gain_db_high=20"]))
    versions = [Version(recipe=MFCC, steps=steps, seed=0, number=number) for number in (1, 2)]
    plain, first, second = extract_features(clips, [MFCC, *versions], store=store)
    assert len(set(decoded)) == len(decoded)
    for own, one, other in zip(plain.arrays, first.arrays, second.arrays, strict=True):
        assert not np.array_equal(own, one)
        assert np.array_equal(one, other)  # the gain leaves nothing to chance
    assert plain.contents == first.contents


def test_another_background_of_the_same_name_is_noticed(clips, store, sounds, tmp_path):
    def version():
        steps = tuple(parse_steps([f"background:path={background}"]))  # made anew: settings remember what they found
        return Version(recipe=MFCC, steps=steps, seed=0, number=1)

    background = sounds.write("street.wav", frequency_hz=50, seed=9)
    (first,) = extract_features(clips, [version()], store=store)
    arrays = [np.array(array) for array in first.arrays]
    sounds.write("street.wav", frequency_hz=3000, seed=10)
    (second,) = extract_features(clips, [version()], store=store)
    (third,) = extract_features(clips, [version()], store=store)
    assert not np.array_equal(arrays[0], second.arrays[0])
    assert np.array_equal(second.arrays[0], third.arrays[0])


def test_torchs_threads_are_left_as_they_were(clips, store):
    def threads_of_a_new_thread():
        counts = []
        thread = threading.Thread(target=lambda: counts.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        return counts[0]

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        extract_features(clips, [MFCC], store=store)
        assert torch.get_num_threads() == 3
        assert threads_of_a_new_thread() == 3
    finally:
        torch.set_num_threads(before)


def copies(one, n_copies):
    samples, sample_rate = soundfile.read(one.path, dtype="int16")
    for number in range(n_copies):
        samples[0] = number  # each its own content
        path = one.path.with_name(f"copy{number}.wav")
        soundfile.write(path, samples, sample_rate)
        yield clip(path)


class Interrupted(Steps):
    def __init__(self, n_before=0):
        super().__init__()
        self.n_before = n_before

    def advance(self, note=""):
        super().advance()
        if len(self.told) > self.n_before + 1:
            raise KeyboardInterrupt


@pytest.mark.slow
def test_an_interrupt_begins_no_other_file(clips, monkeypatch):
    begun = []

    def slow(one, data, courses):
        begun.append(one)
        time.sleep(0.05)
        return dict.fromkeys(courses, np.zeros((1, 13, 10), dtype=np.float32)), False

    monkeypatch.setattr(extract, "_make", slow)
    began = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        extract_features(
            list(copies(clips[0], 30)), [MFCC], store=FeatureStore(None), n_workers=2, progress=Interrupted()
        )
    assert len(begun) < 10
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("cut", ["interrupt", "error"])
def test_what_was_done_before_work_is_cut_off_is_on_disk_and_not_done_again(cut, clips, store, decoded, monkeypatch):
    many = list(copies(clips[0], 20))
    calls = []
    flush = FeatureStore.flush
    monkeypatch.setattr(FeatureStore, "flush", lambda store: calls.append("flush") or flush(store))
    compute = extract._compute

    def fail_at_last(one, course, waveform):
        if cut == "error" and one is many[12]:
            raise RuntimeError("out of memory")
        calls.append("compute")
        return compute(one, course, waveform)

    monkeypatch.setattr(extract, "_compute", fail_at_last)
    with pytest.raises((KeyboardInterrupt, RuntimeError)):
        extract_features(many, [MFCC], store=store, n_workers=2, progress=Interrupted(8 if cut == "interrupt" else 99))
    assert calls[-1] == "flush"
    n_done = calls.count("compute")
    assert 8 <= n_done < 20
    decoded.clear()
    monkeypatch.setattr(extract, "_compute", compute)
    (features,) = extract_features(many, [MFCC], store=store)
    assert len(features.arrays) == 20
    assert len(decoded) == 20 - n_done


def test_decoded_sound_is_not_held(way, sounds, monkeypatch):
    clips = list(copies(clip(sounds.write("once.wav")), 20))
    alive, most = [], []
    features_of = extract.segment_features

    def watch(waveform, front_end, segments):
        alive.append(weakref.ref(waveform))
        most.append(sum(reference() is not None for reference in alive))
        return features_of(waveform, front_end, segments)

    monkeypatch.setattr(extract, "segment_features", watch)
    extract_features(clips, [MFCC], store=FeatureStore(None), n_workers=2)
    assert len(alive) == 20
    assert max(most) <= 4


def test_a_file_that_cannot_be_read_is_bad(clips, store, monkeypatch):
    def fail(file, offset, n_bytes):
        if file.path == clips[1].path:
            raise OSError(errno.EIO, "Input/output error")
        return read_at(file, offset, n_bytes)

    read_at = StoredFile.read_at
    monkeypatch.setattr(StoredFile, "read_at", fail)
    (features,) = extract_features(clips, [MFCC], store=store)
    assert features.kept == (0, 2, 3)
    assert features.bad == (BadFile("tone1.wav", "it cannot be read: input/output error"),)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_bad_and_nothing_waits_for_it(clips, store, tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    (features,) = extract_features([clips[0], clip(tmp_path / "pipe.wav")], [MFCC], store=store)
    assert features.kept == (0,)
    assert "pipe" in features.bad[0].reason


MEASURE = """
import sys
from pathlib import Path
import numpy as np, soundfile
from earmark.data.clip import Clip
from earmark.features.extract import Recipe, extract_features
from earmark.features.log_mel import LogMelSettings
from earmark.features.store import FeatureStore

class Watch:
    most = 0
    def start(self, title, n_steps): pass
    def advance(self, note=""):
        for line in open("/proc/self/status"):
            if line.startswith("RssAnon"):  # not what is mapped from files: the kernel takes that back at any time
                self.most = max(self.most, int(line.split()[1]))

folder, n_clips = Path(sys.argv[1]), int(sys.argv[2])
folder.mkdir()
samples = np.random.default_rng(0).integers(-3000, 3000, 16000).astype(np.int16)
clips = []
for number in range(n_clips):
    samples[0] = number
    path = folder / f"{number}.wav"
    soundfile.write(path, samples, 22050)
    clips.append(Clip(name=path.name, path=path, label="a", group=path.name))
recipe = Recipe(front_end="log-mel", settings=LogMelSettings(n_fft=256, hop_samples=20, n_mels=80))
watch = Watch()
(features,) = extract_features(clips, [recipe], store=FeatureStore(folder / "store"), n_workers=2, progress=watch)
assert 4 * sum(np.prod(shape) for shape in features.shapes) > 250_000 * n_clips
print(watch.most)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells memory and mapped files apart")
def test_memory_stays_flat_whatever_the_number_of_clips(tmp_path):
    """Of 300 clips, whose features take 80 MB, hardly more is held than of 60: what is not yet written."""
    few, many = (
        int(subprocess.run([sys.executable, "-c", MEASURE, tmp_path / n, n], check=True, capture_output=True).stdout)
        for n in ("60", "300")
    )
    assert many - few < 30_000  # kilobytes
