"""A clip as a browser plays it."""

import base64
import io

import numpy as np
import pytest
import soundfile

from earmark.data.clip import Clip
from earmark.errors import AudioError
from earmark.serve import excerpt as module
from earmark.serve.excerpt import draw_excerpt, excerpt


def clip_of(path, **stretch):
    return Clip(name=path.name, path=path, label="dog", group="", **stretch)


def decoded(said):
    head, _, content = said["sound"].partition(",")
    assert head == "data:audio/wav;base64"
    sound = io.BytesIO(base64.b64decode(content))
    info = soundfile.info(sound)
    assert (info.format, info.subtype, info.channels) == ("WAV", "PCM_16", 1)
    sound.seek(0)
    return soundfile.read(sound, dtype="float32")


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "aiff", "au"])
def test_every_format_becomes_one_that_browsers_play(sounds, suffix):
    said = excerpt(clip_of(sounds.write(f"a.{suffix}", seconds=0.5, n_channels=2)))
    waveform, sample_rate = decoded(said)
    assert (len(waveform), sample_rate) == (11025, 22050)
    assert said["caption"].startswith("0.5 s, ")
    assert said["caption"].endswith(", 22050 Hz, 2 channels")


def test_what_is_heard_is_what_is_in_the_file(sounds):
    path = sounds.write("a.wav", seconds=0.5)
    waveform, _ = decoded(excerpt(clip_of(path)))
    np.testing.assert_allclose(waveform, soundfile.read(path, dtype="float32")[0], atol=2**-15)


def test_a_stretch_is_played_and_no_more(sounds):
    path = sounds.write("a.wav", seconds=3)
    waveform, _ = decoded(excerpt(clip_of(path, start_s=1.0, end_s=1.5)))
    np.testing.assert_allclose(waveform, soundfile.read(path, dtype="float32")[0][22050:33075], atol=2**-15)


def test_of_a_long_clip_the_first_minute_is_played(sounds, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_S", 2.0)
    said = excerpt(clip_of(sounds.write("a.wav", seconds=5), start_s=1.0))
    assert len(decoded(said)[0]) == 2 * 22050
    assert said["caption"].startswith("the first 2 s of 4 s, ")


@pytest.mark.parametrize(("own_rate", "played"), [(4000, 8000), (96000, 48000), (44100, 44100)])
def test_a_rate_that_browsers_may_not_know_is_changed(sounds, own_rate, played):
    said = excerpt(clip_of(sounds.write("a.wav", seconds=0.25, sample_rate=own_rate)))
    assert decoded(said)[1] == played
    assert f"{own_rate} Hz" in said["caption"]


def test_a_stretch_that_ends_behind_its_file_is_played_to_its_end(sounds):
    said = excerpt(clip_of(sounds.write("a.wav", seconds=1), start_s=0.5, end_s=9.0))
    assert len(decoded(said)[0]) == 11025
    assert said["caption"].startswith("0.5 s, ")


@pytest.mark.parametrize("content", [None, b"", b"no sound at all"])
def test_what_cannot_be_played_says_why_and_not_where_it_lies(tmp_path, content):
    path = tmp_path / "a.wav"
    if content is not None:
        path.write_bytes(content)
    said = excerpt(clip_of(path))
    assert set(said) == {"reason"}
    assert said["reason"].startswith("It cannot be played: ")
    assert str(tmp_path) not in said["reason"]
    with pytest.raises(AudioError):
        draw_excerpt(clip_of(path), lambda *_: b"")


def test_a_stretch_behind_the_end_says_so(sounds):
    assert "ends at 1.000 s" in excerpt(clip_of(sounds.write("a.wav", seconds=1), start_s=2.0))["reason"]


def test_the_picture_is_of_what_is_played(sounds):
    seen = []
    clip = clip_of(sounds.write("a.wav", seconds=2), start_s=0.5, end_s=1.0)
    assert draw_excerpt(clip, lambda waveform, rate: seen.append((len(waveform), rate)) or b"png") == b"png"
    assert seen == [(11025, 22050)]
