import base64
import io

import numpy as np
import pytest
import soundfile

from earmark.data.clip import Clip
from earmark.report.players import EXCERPT_S, NoPlayer, Player, find_clips, make_player
from earmark.report.results import SplitClip


def heard(player):
    """Decode the sound of a player."""
    head, content = player.sound.split(",")
    assert head == "data:audio/mpeg;base64"
    return soundfile.read(io.BytesIO(base64.b64decode(content)))


def clip_of(path, **more):
    return Clip(name=path.name, path=path, label="dog", group="g", **more)


def split_clips(*names):
    return [SplitClip(name=name, label="dog", group="g", part="test") for name in names]


def test_a_short_clip_is_heard_whole(sounds):
    player = make_player(clip_of(sounds.write("a.wav", seconds=1.0)))
    waveform, rate = heard(player)
    assert rate == 22050
    assert len(waveform) / rate == pytest.approx(1.0, abs=0.15)
    assert player.caption == "the whole clip, 1.0 s"


def test_of_a_long_clip_the_middle_is_heard(sounds):
    sounds.write("a.wav", seconds=4.0, kind="silence")
    path = sounds.root / "long.wav"
    quiet, loud = np.zeros(4 * 8000), 0.5 * np.sin(2 * np.pi * 440 * np.arange(6 * 8000) / 8000)
    soundfile.write(path, np.concatenate([quiet, loud, quiet]), 8000)
    player = make_player(clip_of(path))
    waveform, rate = heard(player)
    assert len(waveform) / rate == pytest.approx(EXCERPT_S, abs=0.15)
    assert player.caption == "4.5 to 9.5 s of 14.0 s"
    middle = waveform[rate : 4 * rate]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.35, abs=0.05)


def test_of_a_stretch_only_the_stretch_is_heard(sounds):
    path = sounds.root / "a.wav"
    soundfile.write(path, np.concatenate([np.zeros(8000), 0.5 * np.ones(8000), np.zeros(8000)]), 8000)
    player = make_player(clip_of(path, start_s=0.0, end_s=0.9))
    waveform, rate = heard(player)
    assert np.abs(waveform).max() < 0.01
    assert len(waveform) / rate == pytest.approx(0.9, abs=0.15)


def test_a_picture_comes_with_the_sound(sounds):
    player = make_player(clip_of(sounds.write("a.wav")))
    assert player.picture.startswith("data:image/png;base64,iVBORw0KGgo")


def test_many_channels_and_high_rates_become_one_channel_at_one_rate(sounds):
    player = make_player(clip_of(sounds.write("a.wav", sample_rate=96000, n_channels=6)))
    waveform, rate = heard(player)
    assert (waveform.ndim, rate) == (1, 22050)


def test_twelve_players_of_noise_stay_below_a_megabyte(sounds):
    player = make_player(clip_of(sounds.write("a.wav", seconds=30.0, kind="noise")))
    assert 12 * (len(player.sound) + len(player.picture)) < 1_000_000


@pytest.mark.parametrize("content", [None, b"", b"this is no sound", b"RIFF\x00\x00\x00\x00WAVE"])
def test_a_sound_that_is_gone_or_broken_gives_a_reason_without_its_place(tmp_path, content):
    path = tmp_path / "a.wav"
    if content is not None:
        path.write_bytes(content)
    player = make_player(clip_of(path))
    assert isinstance(player, NoPlayer)
    assert player.reason.startswith("The sound cannot be read now: ")
    assert str(tmp_path) not in player.reason


def test_a_stretch_behind_the_end_gives_a_reason(sounds):
    player = make_player(clip_of(sounds.write("a.wav", seconds=1.0), start_s=3.0, end_s=4.0))
    assert isinstance(player, NoPlayer)


def test_a_clip_that_left_the_data_set_gives_a_reason():
    assert make_player(None) == NoPlayer(reason="The clip is no longer in the data set.")


def test_a_single_sample_is_a_player(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.array([0.5]), 22050)
    assert isinstance(make_player(clip_of(tmp_path / "a.wav")), Player)


def test_clips_are_found_in_a_folder_of_classes(sounds):
    data = sounds.folder({"dog": 2, "rain": 2})
    found = find_clips({"path": str(data)}, split_clips("dog/dog1.wav", "rain/rain0.wav", "dog/gone.wav"))
    assert [clip and clip.path for clip in found] == [data / "dog/dog1.wav", data / "rain/rain0.wav", None]


def test_stretches_of_a_table_are_told_by_their_order(sounds):
    sounds.write("data/long.wav", seconds=3.0)
    table = sounds.root / "data/clips.csv"
    table.write_text("path,label,start_s,end_s\nlong.wav,rain,1,2\nlong.wav,dog,0,1\n", encoding="utf-8")
    found = find_clips({"path": str(table)}, split_clips("long.wav", "long.wav"))
    assert [clip.start_s for clip in found] == [0.0, 1.0]
    assert find_clips({"path": str(table)}, split_clips("long.wav")) == [None]  # one was left out: which?


def test_sounds_are_found_when_their_table_is_gone(sounds):
    sounds.write("data/a.wav")
    found = find_clips({"path": str(sounds.root / "data/gone.csv")}, split_clips("a.wav", "b.wav", "b.wav"))
    assert [clip and clip.path for clip in found] == [sounds.root / "data/a.wav", None, None]


def test_a_sound_that_a_library_stumbles_over_costs_its_own_place_only(sounds, monkeypatch):
    def stumbles(*_):
        raise RuntimeError("libsndfile: /home/ann")

    monkeypatch.setattr("earmark.report.players.spectrogram_png", stumbles)
    assert make_player(clip_of(sounds.write("a.wav"))) == NoPlayer(reason="The sound cannot be shown.")
