import numpy as np
import pytest

from earmark.audio.resample import resample
from earmark.audit.measure import Measures, measure_dataset
from earmark.audit.sound import find_sound_faults
from earmark.features.store import FeatureStore

RATE = 22050
NOISE = (0.1 * np.random.default_rng(0).standard_normal(3 * RATE)).astype(np.float32)


def look(*sounds):
    return find_sound_faults(Measures(sounds=sounds, unusable=()))


def planted(write_sound, dataset_of, samples, name="x/a.wav"):
    """Write a sound, measure it as an audit does, and return what is found."""
    write_sound(name, samples)
    return find_sound_faults(measure_dataset(dataset_of(name), store=FeatureStore(None)))


def test_a_sound_without_a_fault_gives_no_finding(write_sound, dataset_of):
    assert planted(write_sound, dataset_of, NOISE) == []


@pytest.mark.parametrize("level", [0, 3e-5, 2e-4])
def test_a_silent_clip_is_an_error_and_nothing_else(write_sound, dataset_of, level):
    (found,) = planted(write_sound, dataset_of, level * np.sign(NOISE))
    assert (found.kind, found.severity, found.clips) == ("silent", "error", ("x/a.wav",))


def test_a_very_quiet_clip_is_told_with_its_level(write_sound, dataset_of):
    (found,) = planted(write_sound, dataset_of, 0.002 * np.sin(np.arange(RATE) / 5))
    assert (found.kind, found.severity) == ("quiet", "warning")
    assert "peak is -54 dB" in found.message


def test_the_quieter_the_surer(measured):
    scores = [look(measured(peak=peak))[0].score for peak in (0.009, 0.003, 0.0005)]
    assert scores == sorted(scores)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_a_clipped_clip_is_told_with_its_share(write_sound, dataset_of, suffix):
    loud = np.clip(60 * np.convolve(NOISE, np.ones(20) / 20, "same"), -1, 1)
    found = planted(write_sound, dataset_of, loud, name=f"x/a.{suffix}")
    (clipped,) = [finding for finding in found if finding.kind == "clipped"]
    assert (clipped.severity, clipped.score) == ("warning", 1.0)
    assert "at -0.0 dB" in clipped.message or "at 0.0 dB" in clipped.message


def test_a_single_flat_top_is_none(measured):
    assert look(measured(n_clipped_runs=4, clipped_share=1e-4)) == []
    assert look(measured(n_clipped_runs=5, clipped_share=1e-4))[0].kind == "clipped"


@pytest.mark.parametrize(("offset", "severity"), [(0.02, "note"), (-0.02, "note"), (0.1, "warning")])
def test_an_offset_is_told_with_its_sign(write_sound, dataset_of, offset, severity):
    (found,) = planted(write_sound, dataset_of, NOISE / 2 + offset)
    assert (found.kind, found.severity) == ("offset", severity)
    assert f"{offset:+.3f}" in found.message


def test_an_upsampled_clip_breaks_off_where_its_source_ended(write_sound, dataset_of):
    up = resample(resample(NOISE, from_rate=RATE, to_rate=8000), from_rate=8000, to_rate=RATE)
    (found,) = planted(write_sound, dataset_of, up)
    assert (found.kind, found.severity) == ("band-limited", "warning")
    assert 3600 < float(found.message.split(" Hz")[0].split()[-1]) < 4200
    assert "promises 11025 Hz" in found.message


def test_clips_that_reach_nearly_as_high_as_promised_are_one_note(measured):
    sounds = [
        measured(index=n, name=f"{n}.wav", bandwidth_hz=share * RATE / 2, is_cut=True)
        for n, share in enumerate((0.7, 0.8, 0.95))
    ]
    (found,) = look(*sounds)
    assert (found.kind, found.severity, found.clips) == ("band-limited", "note", ("0.wav", "1.wav"))


def test_a_sound_that_fades_out_upwards_is_not_called_cut(measured):
    assert look(measured(bandwidth_hz=3000.0, is_cut=False)) == []


def test_a_dead_channel_is_told_by_its_number(write_sound, dataset_of):
    (found,) = planted(write_sound, dataset_of, [NOISE, 0 * NOISE])
    assert (found.kind, found.severity, found.message) == ("dead-channel", "warning", "channel 2 of 2 is silent")


def test_several_dead_channels_are_told_in_one_line(measured):
    (found,) = look(measured(n_channels=3, dead_channels=(0, 2)))
    assert found.message == "channels 1 and 3 of 3 are silent"


def test_silent_stretches_are_one_note_the_most_silent_clip_first(measured):
    sounds = [
        measured(index=0, name="some.wav", silent_stretches=((1.0, 2.5),)),
        measured(index=1, name="most.wav", silent_stretches=((0.0, 1.5), (2.0, 4.5))),
        measured(index=2, name="none.wav"),
    ]
    (found,) = look(*sounds)
    assert (found.kind, found.severity, found.clips) == ("silent", "note", ("most.wav", "some.wav"))
    assert "2 clips hold" in found.message
    assert "of most.wav 4.0 of 5.0 s" in found.message
    assert found.score == pytest.approx(0.8)


def test_a_silent_clip_is_not_told_of_twice(measured):
    (found,) = look(measured(peak=0.0, rms_db=-200.0, silent_stretches=((0.0, 5.0),)))
    assert found.severity == "error"
