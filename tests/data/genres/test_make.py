"""The set on disk: its shape, its bytes, and what becomes of a folder that is half made or somebody else's."""

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from earmark.data.genres.make import make_genres
from earmark.data.genres.render import Track
from earmark.data.genres.styles import STYLES
from earmark.errors import SettingError, StorageError

pytestmark = pytest.mark.slow  # many small pictures or runs; `make test` has them

SMALL = {"n_artists": 2, "n_tracks": 1, "duration_s": 0.5}


class Told:
    def __init__(self):
        self.calls = []

    def start(self, title, n_steps):
        self.calls.append((title, n_steps))

    def advance(self, note=""):
        self.calls.append("step")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A set with several artists and tracks, to look at only."""
    folder = tmp_path_factory.mktemp("genres") / "made here"
    make_genres(folder, n_artists=3, n_tracks=2, duration_s=2.0)
    return folder


@pytest.fixture(scope="module")
def pattern(tmp_path_factory):
    """A finished set as small as can be, to copy."""
    folder = tmp_path_factory.mktemp("pattern") / "set"
    make_genres(folder, **SMALL)
    return folder


@pytest.fixture
def finished(pattern, tmp_path):
    """A finished set as small as can be, to spoil."""
    return Path(shutil.copytree(pattern, tmp_path / "set"))


def _rows(folder):
    with (folder / "tracks.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _bytes(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _times(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.slow
def test_the_table_has_a_row_for_every_file_and_no_other(made):
    names = [row["path"] for row in _rows(made)]
    assert sorted(names) == sorted(str(path.relative_to(made)) for path in made.rglob("*.wav"))
    assert len(names) == 60
    assert names[:2] == ["blues/blues.00000.wav", "blues/blues.00001.wav"]


def test_the_table_has_its_columns_in_order(made):
    assert list(_rows(made)[0]) == ["path", "label", "artist", "tempo_bpm", "key", "seed"]


def test_every_genre_has_its_artists_with_their_tracks(made):
    rows = _rows(made)
    assert Counter(row["label"] for row in rows) == dict.fromkeys(STYLES, 6)
    assert set(Counter(row["artist"] for row in rows).values()) == {2}
    assert len({row["artist"] for row in rows}) == 30


@pytest.mark.slow
def test_an_artist_belongs_to_one_genre(made):
    assert len({(row["artist"], row["label"]) for row in _rows(made)}) == 30
    assert all(row["path"].startswith(f"{row['label']}/{row['label']}.") for row in _rows(made))


def test_file_numbers_do_not_give_the_artist_away(made):
    orders = {
        tuple(row["artist"].removeprefix(genre) for row in _rows(made) if row["label"] == genre) for genre in STYLES
    }
    assert len(orders) > 5


def test_every_file_is_16_bit_mono_of_its_length(made):
    for row in _rows(made):
        info = soundfile.info(made / row["path"])
        assert (info.samplerate, info.channels, info.frames, info.subtype) == (22050, 1, 44100, "PCM_16")


def test_the_files_hold_the_tracks_that_the_table_names(made):
    for row in _rows(made)[::17]:
        heard, _ = soundfile.read(made / row["path"], dtype="float32")
        number = {
            number: Track(genre=row["label"], artist=int(row["artist"][-1]), number=number, seed=0) for number in (0, 1)
        }
        track = next(track for track in number.values() if str(track.tempo_bpm) == row["tempo_bpm"])
        assert np.abs(heard - track.render(2.0)).max() < 1e-4
        assert row["key"] == track.key_name


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(pattern, tmp_path):
    for name, seed in (("again", 0), ("other", 4)):
        make_genres(tmp_path / name, seed=seed, **SMALL)
    first, again, other = (_bytes(folder) for folder in (pattern, tmp_path / "again", tmp_path / "other"))
    assert first == again
    assert first.keys() == other.keys()
    assert not any(first[name] == other[name] for name in first)


def test_a_second_call_makes_nothing_anew(finished):
    times, told = _times(finished), Told()
    assert make_genres(finished, progress=told, **SMALL) == finished / "tracks.csv"
    assert _times(finished) == times
    assert told.calls == []


def test_every_track_is_told_of(tmp_path):
    told = Told()
    make_genres(tmp_path / "set", progress=told, **SMALL)
    assert told.calls == [("making tracks", 20)] + ["step"] * 20


def test_a_making_that_was_interrupted_is_completed(pattern, tmp_path):
    class Stop(Told):
        def advance(self, note=""):
            super().advance(note)
            if len(self.calls) == 8:
                raise KeyboardInterrupt

    folder = tmp_path / "set"
    with pytest.raises(KeyboardInterrupt):
        make_genres(folder, progress=Stop(), **SMALL)
    assert not (folder / "tracks.csv").exists()
    kept, told = _times(folder / "blues"), Told()
    make_genres(folder, progress=told, **SMALL)
    assert told.calls[0] == ("making tracks", 13)
    assert _times(folder / "blues") == kept
    assert _bytes(folder) == _bytes(pattern)


def test_a_file_and_a_table_that_were_lost_are_made_again(finished, pattern):
    (finished / "jazz" / "jazz.00001.wav").unlink()
    (finished / "tracks.csv").unlink()
    make_genres(finished, **SMALL)
    assert _bytes(finished) == _bytes(pattern)


def test_a_folder_of_somebody_else_is_refused_and_left_alone(tmp_path):
    theirs = tmp_path / "gtzan" / "blues" / "blues.00000.wav"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"the real one")
    with pytest.raises(StorageError, match="files that were not made here, such as 'blues'"):
        make_genres(tmp_path / "gtzan", **SMALL)
    assert _bytes(tmp_path / "gtzan") == {"blues/blues.00000.wav": b"the real one"}


@pytest.mark.parametrize("change", [{"seed": 1}, {"n_artists": 3}, {"n_tracks": 2}, {"duration_s": 0.25}])
def test_a_set_made_with_other_arguments_is_refused_and_left_alone(finished, change):
    times = _times(finished)
    with pytest.raises(StorageError, match=r"name another folder or delete this one"):
        make_genres(finished, **{**SMALL, **change})
    assert _times(finished) == times


def test_a_set_of_another_version_is_refused(finished):
    marker = finished / "genres.json"
    marker.write_text(json.dumps({**json.loads(marker.read_text()), "version": 0}))
    with pytest.raises(StorageError, match="version 0"):
        make_genres(finished, **SMALL)


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00"])
def test_a_marker_that_cannot_be_read_is_refused(tmp_path, text):
    (tmp_path / "genres.json").write_text(text)
    with pytest.raises(StorageError, match="name another folder"):
        make_genres(tmp_path, **SMALL)


def test_a_file_in_the_folders_place_is_refused(tmp_path):
    (tmp_path / "set").write_text("mine")
    with pytest.raises(StorageError, match="it is a file"):
        make_genres(tmp_path / "set", **SMALL)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": -1},
        {"n_artists": 0},
        {"n_tracks": -3},
        {"duration_s": 0.0},
        {"duration_s": -1.0},
        {"duration_s": float("nan")},
        {"duration_s": float("inf")},
    ],
)
def test_arguments_that_cannot_be_are_refused_before_anything_is_written(tmp_path, change):
    with pytest.raises(SettingError, match=next(iter(change))):
        make_genres(tmp_path / "set", **{**SMALL, **change})
    assert not (tmp_path / "set").exists()


def test_an_empty_folder_and_one_with_hidden_files_are_taken(tmp_path):
    (tmp_path / ".DS_Store").write_bytes(b"")
    assert make_genres(tmp_path, **SMALL).is_file()


@pytest.mark.slow
def test_a_random_split_of_segments_claims_far_more_than_a_split_by_artist():
    features, labels, artists = [], [], []
    for genre in STYLES:
        for artist in range(5):
            waveform = Track(genre=genre, artist=artist, number=0, seed=0).render(15.0)
            for segment in np.split(waveform, 5):
                features.append(_band_statistics(segment))
                labels.append(genre)
                artists.append(f"{genre}{artist}")
    svm = make_pipeline(StandardScaler(), SVC(C=10.0))
    random, grouped = (
        cross_val_score(svm, features, labels, cv=folds(5, shuffle=True, random_state=0), groups=groups).mean()
        for folds, groups in ((StratifiedKFold, None), (StratifiedGroupKFold, artists))
    )
    assert random > 0.9
    assert 0.25 < grouped < random - 0.25


def _band_statistics(segment, n_bands=20):
    """Mean, deviation and change over time of the level in bands that widen upwards."""
    frames = np.lib.stride_tricks.sliding_window_view(segment, 2048)[::1024] * np.hanning(2048)
    power = np.abs(np.fft.rfft(frames)) ** 2
    edges = np.unique(np.geomspace(3, 1025, n_bands + 1).astype(int))
    level_db = 10 * np.log10(np.add.reduceat(power, edges[:-1], axis=1) + 1e-8)
    return np.concatenate([level_db.mean(0), level_db.std(0), np.diff(level_db, axis=0).std(0)])
