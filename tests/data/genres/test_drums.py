"""Drums: one contract for all, and what sets them apart."""

from dataclasses import fields

import numpy as np
import pytest

from earmark.data.genres.drums import VOICES, Kit, strike
from earmark.data.genres.instruments import SAMPLE_RATE
from earmark.errors import SettingError


def _strike(drum, kit=Kit(), seed=0):  # noqa: B008 - frozen
    return strike(drum, kit, np.random.default_rng(seed))


def _centre_hz(sound):
    spectrum = np.abs(np.fft.rfft(sound)) ** 2
    return np.sum(spectrum * np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)) / np.sum(spectrum)


@pytest.mark.parametrize("drum", VOICES)
def test_every_stroke_is_short_full_and_ends_in_silence(drum):
    sound = _strike(drum)
    assert sound.dtype == np.float32
    assert np.abs(sound).max() == pytest.approx(1.0)
    assert sound[-1] == 0
    assert len(sound) <= 2 * SAMPLE_RATE
    energy = np.cumsum(sound**2)
    assert energy[len(energy) // 2] > 0.8 * energy[-1]


@pytest.mark.parametrize("drum", VOICES)
def test_the_same_generator_gives_the_same_stroke(drum):
    assert np.array_equal(_strike(drum), _strike(drum))
    assert not np.array_equal(_strike(drum), _strike(drum, seed=1))


def test_kick_tom_snare_and_hat_rise_in_this_order():
    centres = [_centre_hz(_strike(drum)) for drum in ("kick", "tom", "snare", "hat")]
    assert centres == sorted(centres)
    assert centres[0] < 300
    assert centres[-1] > 4000


def test_a_kit_tuned_up_and_damped_is_higher_and_shorter():
    kit = Kit().tuned(pitch=1.25, length=0.5)
    assert _centre_hz(_strike("kick", kit)) > _centre_hz(_strike("kick"))
    assert len(_strike("snare", kit)) == pytest.approx(len(_strike("snare")) / 2, abs=1)


def test_tuning_reaches_every_tone_and_every_decay():
    kit, tuned = Kit(), Kit().tuned(pitch=1.1, length=0.7)
    for field in fields(Kit):
        factor = {"hz": 1.1, "s": 0.7}.get(field.name.rpartition("_")[2], 1.0)
        assert getattr(tuned, field.name) == pytest.approx(factor * getattr(kit, field.name))


def test_tuning_by_one_changes_nothing():
    kit = Kit(kick_hz=40, click=0.7, wires=0.3, metal_hz=5000)
    assert [getattr(kit.tuned(pitch=1, length=1), field.name) for field in fields(Kit)] == [
        getattr(kit, field.name) for field in fields(Kit)
    ]


def test_an_unknown_drum_is_refused_with_the_nearest_name():
    with pytest.raises(SettingError, match="did you mean 'snare'"):
        _strike("snar")
