import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from earmark.augment.noise import (
    BackgroundSettings,
    NoiseSettings,
    add_background,
    add_noise,
    mix_at_snr,
)
from earmark.errors import AudioError, SettingError

RATE = 8000
TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)


def snr_db(clean, noisy):
    noise = noisy.astype(float) - clean
    return 10 * np.log10((clean.astype(float) ** 2).mean() / (noise**2).mean())


@given(st.floats(-30, 60), st.sampled_from(["white", "pink"]))
def test_the_ratio_that_is_measured_is_the_ratio_asked_for(ratio_db, colour):
    settings = NoiseSettings(snr_db_low=ratio_db, snr_db_high=ratio_db, colour=colour)
    noisy = add_noise(TONE[None, :2000], np.random.default_rng(0), settings)[0]
    assert snr_db(TONE[:2000], noisy) == pytest.approx(ratio_db, abs=0.01)


def test_every_item_has_a_ratio_of_its_own_within_the_range_whatever_its_level():
    batch = np.stack([TONE * 10 ** (-index / 20) for index in range(60)]).astype(np.float32)
    noisy = add_noise(batch, np.random.default_rng(0), NoiseSettings(snr_db_low=5.0, snr_db_high=25.0))
    ratios_db = np.array([snr_db(*pair) for pair in zip(batch, noisy, strict=True)])
    assert 4.99 < ratios_db.min() < 7
    assert 23 < ratios_db.max() < 25.01
    assert abs(np.corrcoef(ratios_db, np.arange(60))[0, 1]) < 0.4


@pytest.mark.parametrize(("colour", "slope_db"), [("white", 0.0), ("pink", -3.01)])
def test_the_colour_is_the_fall_of_power_in_an_octave(colour, slope_db):
    silence = np.full((1, 1 << 17), 1e-6, np.float32)
    settings = NoiseSettings(snr_db_low=-100.0, snr_db_high=-100.0, colour=colour)
    power = np.abs(np.fft.rfft(add_noise(silence, np.random.default_rng(0), settings)[0])) ** 2
    octaves_db = [10 * np.log10(power[1 << k : 2 << k].mean()) for k in range(6, 16)]
    slope = np.polyfit(np.arange(len(octaves_db)), octaves_db, 1)[0]
    assert slope == pytest.approx(slope_db, abs=0.15)


def test_pink_noise_longer_than_a_block_has_no_seam(monkeypatch):
    monkeypatch.setattr("earmark.augment.noise._LONGEST", 1024)
    settings = NoiseSettings(snr_db_low=0.0, snr_db_high=0.0, colour="pink")
    noise = add_noise(np.ones((1, 5000), np.float32), np.random.default_rng(0), settings)[0] - 1
    np.testing.assert_allclose(noise[:1024], noise[1024:2048], atol=1e-5)
    steps = np.abs(np.diff(noise))
    assert steps[1023] <= np.quantile(steps, 0.999)


def test_noise_is_no_other_in_every_item():
    noisy = add_noise(np.ones((2, 1000), np.float32), np.random.default_rng(0), NoiseSettings())
    assert abs(np.corrcoef(noisy)[0, 1]) < 0.15


def test_silence_on_either_side_leaves_the_sound_as_it_is():
    assert (mix_at_snr(TONE, np.zeros_like(TONE), 0.0) == TONE).all()
    assert (mix_at_snr(np.zeros_like(TONE), TONE, 0.0) == 0).all()


def test_a_colour_is_white_or_pink():
    with pytest.raises(SettingError, match="colour must be 'white' or 'pink', not 'brown'"):
        NoiseSettings(colour="brown")


# ---------------------------------------------------------------- recordings


@pytest.fixture
def street(tmp_path):
    """A ramp, each sample of which tells where it comes from."""
    soundfile.write(tmp_path / "street.wav", np.linspace(-0.5, 0.5, 2 * RATE), RATE, subtype="FLOAT")
    return tmp_path


def behind(path, n_samples, seed=0, sample_rate=RATE, **values):
    """Return what is put behind a constant, scaled to its own size."""
    settings = BackgroundSettings(path=str(path), sample_rate=sample_rate, **values)
    ones = np.ones((1, n_samples), np.float32)
    return add_background(ones, np.random.default_rng(seed), settings)[0] - 1


def test_a_stretch_of_the_recording_is_put_behind_at_the_ratio_asked_for(street):
    noise = behind(street, RATE, snr_db_low=10.0, snr_db_high=10.0)
    assert 10 * np.log10((noise.astype(float) ** 2).mean()) == pytest.approx(-10, abs=0.01)
    steps = np.diff(noise)
    assert np.ptp(steps) < 0.01 * np.abs(noise).max()
    assert steps.mean() > 0


def test_any_place_of_the_recording_is_taken(street):
    # Before the scale, the first sample lies between -0.5 (the beginning) and 0 (a second before the end).
    first = []
    for seed in range(40):
        noise = behind(street, RATE, seed)
        first.append((noise[0] / (noise[-1] - noise[0])) * 0.5)
    assert -0.5 <= min(first) < -0.4
    assert -0.1 < max(first) < 0.01


def test_a_recording_that_is_too_short_begins_again(street):
    noise = behind(street, 5 * RATE)
    assert (np.diff(noise) < -0.1 * np.ptp(noise)).sum() in {2, 3}
    np.testing.assert_allclose(noise[: 2 * RATE], noise[2 * RATE : 4 * RATE], atol=1e-5)


def test_a_recording_of_another_rate_keeps_its_pitch(tmp_path):
    time_s = np.arange(2 * 44100) / 44100
    soundfile.write(tmp_path / "hum.flac", 0.5 * np.sin(2 * np.pi * 100 * time_s), 44100)
    noise = behind(tmp_path, RATE)
    assert np.argmax(np.abs(np.fft.rfft(noise))) == 100


@pytest.mark.parametrize("n_samples", [1, 2 * RATE - 1, 2 * RATE, 2 * RATE + 1])
@pytest.mark.parametrize("sample_rate", [RATE, 11025, 22050])
def test_any_length_and_rate_is_filled_to_its_end(street, n_samples, sample_rate):
    for seed in range(3):
        noise = behind(street, n_samples, seed, sample_rate)
        assert noise.shape == (n_samples,)
        assert np.isfinite(noise).all()


def test_all_recordings_of_a_folder_are_taken(tmp_path):
    for name, value in (("a", 0.5), ("b", -0.5)):
        soundfile.write(tmp_path / f"{name}.wav", np.full(RATE, value), RATE, subtype="FLOAT")
    settings = BackgroundSettings(path=str(tmp_path), sample_rate=RATE)
    noisy = add_background(np.ones((30, 50), np.float32), np.random.default_rng(0), settings)
    assert {-1.0, 1.0} == set(np.sign(noisy[:, 25] - 1))


def test_recordings_that_are_not_there_are_named(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(AudioError, match="street"):
        behind(tmp_path / "street", 10)
    with pytest.raises(AudioError, match="holds no sounds"):
        behind(tmp_path / "empty", 10)
    with pytest.raises(SettingError, match="path is empty"):
        BackgroundSettings(path="")
