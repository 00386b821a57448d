import dataclasses
import errno
import os
import shutil
import threading
import time
import weakref
from itertools import pairwise

import numpy as np
import pytest
import soundfile
import torch

from earmark.audio.read import read_sound
from earmark.audio.segments import Segments
from earmark.data.clip import Clip
from earmark.errors import DataError, SettingError
from earmark.features import extract
from earmark.features.apply import segment_features
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import BadFile, Recipe, describe_bad_files, extract_features
from earmark.features.log_mel import LogMelSettings
from earmark.features.mfcc import Mfcc, MfccSettings
from earmark.features.statistics import StatisticsSettings
from earmark.features.store import FeatureStore

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
def decoded(monkeypatch):
    """List the files that are decoded."""
    names = []

    def count(path, **stretch):
        names.append(path.name)
        return read_sound(path, **stretch)

    monkeypatch.setattr(extract, "read_sound", count)
    return names


def clip(path, **where):
    return Clip(name=path.name, path=path, label="dog", group=path.name, **where)


@pytest.fixture
def clips(sounds):
    return [clip(sounds.write(f"tone{n}.wav", frequency_hz=300 + 100 * n, seed=n)) for n in range(4)]


def assert_same(one, other):
    assert one.kept == other.kept
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
    assert {array.dtype for array in mfcc.arrays + statistics.arrays} == {np.dtype(np.float32)}


def test_the_features_are_in_the_order_of_the_clips(clips, store):
    (forwards,) = extract_features(clips, [MFCC], store=store, n_workers=4)
    (backwards,) = extract_features(clips[::-1], [MFCC], store=FeatureStore(None))
    for left, right in zip(forwards.arrays, backwards.arrays[::-1], strict=True):
        np.testing.assert_array_equal(left, right)
    for left, right in pairwise(forwards.arrays):
        assert not np.array_equal(left, right)


def test_the_number_of_workers_changes_no_number(clips):
    sets = [extract_features(clips, [MFCC], store=FeatureStore(None), n_workers=n)[0] for n in (1, 3)]
    assert_same(*sets)


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


def test_a_damaged_entry_is_made_again(clips, store, decoded):
    (before,) = extract_features(clips, [MFCC], store=store)
    for path in sorted(store.folder.rglob("*.npy"))[:2]:
        path.write_bytes(path.read_bytes()[:100])
    decoded.clear()
    (after,) = extract_features(clips, [MFCC], store=store)
    assert len(decoded) == 2
    assert_same(before, after)


def different(settings):
    """Yield copies of the settings, each with one number changed."""
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        yield dataclasses.replace(settings, **{field.name: 10000.0 if value is None else value + 1})


@pytest.mark.parametrize("name", sorted(FRONT_ENDS))
def test_settings_that_differ_in_one_number_are_kept_apart(name, clips, store, decoded):
    settings = FRONT_ENDS[name].settings()
    for n_before, changed in enumerate([settings, *different(settings)]):
        extract_features(clips[:1], [Recipe(front_end=name, settings=changed)], store=store)
        assert len(decoded) == n_before + 1, changed


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


def test_a_full_disk_costs_the_store_and_not_the_run(clips, store, monkeypatch, caplog):
    def save(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    (expected,) = extract_features(clips, [MFCC], store=FeatureStore(None))
    with monkeypatch.context() as patched:
        patched.setattr(np, "save", save)
        (features,) = extract_features(clips, [MFCC], store=store)
    assert_same(features, expected)
    assert len(caplog.records) == 1


def test_progress_is_told_of_every_clip_good_or_bad(clips, sounds, store, tmp_path):
    for _ in range(2):
        steps = Steps()
        extract_features([*clips, *spoil(sounds, tmp_path)], [MFCC], store=store, progress=steps)
        assert steps.told == [("features", 9), *["step"] * 9]


def test_no_clips_give_empty_sets(store):
    (features,) = extract_features([], [MFCC], store=store)
    assert features.arrays == features.kept == ()


def test_an_unknown_front_end_is_refused(clips, store):
    with pytest.raises(SettingError, match="did you mean 'mfcc'"):
        extract_features(clips, [Recipe(front_end="mfc", settings=MfccSettings())], store=store)


def test_settings_of_another_front_end_are_refused(clips, store):
    with pytest.raises(SettingError, match="'mfcc' takes MfccSettings, not LogMelSettings"):
        extract_features(clips, [Recipe(front_end="mfcc", settings=LogMelSettings())], store=store)


def test_no_workers_are_refused(clips, store):
    with pytest.raises(SettingError, match="n_workers must be at least 1, not 0"):
        extract_features(clips, [MFCC], store=store, n_workers=0)


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


def test_an_interrupt_begins_no_other_file(clips, store, monkeypatch):
    begun = []

    def slow(path, **stretch):
        begun.append(path)
        time.sleep(0.05)
        return np.zeros(5000, dtype=np.float32), 22050

    class Interrupted(Steps):
        def advance(self, note=""):
            raise KeyboardInterrupt

    monkeypatch.setattr(extract, "read_sound", slow)
    many = []
    for n in range(30):
        path = clips[0].path.with_name(f"copy{n}.wav")
        shutil.copy(clips[0].path, path)
        many.append(clip(path))
    with pytest.raises(KeyboardInterrupt):
        extract_features(many, [MFCC], store=FeatureStore(None), progress=Interrupted())
    assert len(begun) < 10


def test_decoded_sound_is_not_held(clips, sounds, monkeypatch):
    path = sounds.write("once.wav")
    alive, most = [], []

    def watch(path, **stretch):
        waveform, sample_rate = read_sound(path, **stretch)
        alive.append(weakref.ref(waveform))
        most.append(sum(reference() is not None for reference in alive))
        return waveform, sample_rate

    monkeypatch.setattr(extract, "read_sound", watch)
    extract_features([clip(path)] * 20, [MFCC], store=FeatureStore(None), n_workers=2)
    assert max(most) <= 4
