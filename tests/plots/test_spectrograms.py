import librosa
import numpy as np
import pytest
import torch

from earmark.errors import SettingError
from earmark.features.mfcc import Mfcc, MfccSettings
from earmark.plots.spectrograms import (
    ImageSettings,
    log_spectrogram_drawing,
    mel_drawing,
    mfcc_drawing,
    spectrogram_drawing,
)

RATE = 22050
FRAMES = ImageSettings(n_fft=1024, hop_samples=256)


def place_of(drawing, frequency_hz):
    """Return where among the rows a frequency is drawn: a whole number is the middle of a row."""
    to_axis = {"linear": lambda hz: hz, "log": np.log, "mel": librosa.hz_to_mel}[drawing.scale]
    bottom, at, top = (float(to_axis(hz)) for hz in (drawing.bottom, frequency_hz, drawing.top))
    return (at - bottom) / (top - bottom) * len(drawing.values) - 0.5


def row_of(drawing, frequency_hz):
    return round(place_of(drawing, frequency_hz))


@pytest.mark.slow
@pytest.mark.parametrize("make", [spectrogram_drawing, log_spectrogram_drawing, mel_drawing])
@pytest.mark.parametrize(("rate", "frequency_hz"), [(8000, 3700), (22050, 150), (22050, 1000), (96000, 440)])
def test_a_tone_is_loudest_in_the_row_at_its_frequency(tone, make, rate, frequency_hz):
    drawing = make(tone(frequency_hz, seconds=0.3, sample_rate=rate), rate, ImageSettings())
    middle = drawing.values[:, drawing.values.shape[1] // 2]
    # A bin of 11 Hz is many rows on an axis by octaves: the tone lies between two bins.
    assert abs(int(middle.argmax()) - row_of(drawing, frequency_hz)) <= (8 if drawing.scale == "log" else 1)


def test_two_tones_are_two_lines(tone):
    drawing = log_spectrogram_drawing(tone(440, 5000), RATE, ImageSettings())
    middle = drawing.values[:, drawing.values.shape[1] // 2]
    peaks = [row for row in range(1, len(middle) - 1) if middle[row - 1] < middle[row] >= middle[row + 1]]
    loudest = sorted(sorted(peaks, key=lambda row: middle[row])[-2:])
    assert loudest == pytest.approx([row_of(drawing, 440), row_of(drawing, 5000)], abs=5)


@pytest.mark.parametrize("make", [spectrogram_drawing, log_spectrogram_drawing, mel_drawing, mfcc_drawing])
def test_an_impulse_is_loudest_at_its_time(make):
    waveform = np.zeros(2 * RATE, dtype=np.float32)
    waveform[RATE // 2] = 1
    drawing = make(waveform, RATE, ImageSettings(start_s=10))
    row = drawing.values[0] if make is mfcc_drawing else drawing.values.max(axis=0)
    width_s = (drawing.right_s - drawing.left_s) / len(row)
    loud = np.flatnonzero(row >= row.max() - 1e-3)
    assert drawing.left_s + (loud.mean() + 0.5) * width_s == pytest.approx(10.5, abs=2 * width_s)
    assert (drawing.start_s, drawing.end_s) == (10, 12)
    assert drawing.right_s >= 12


@pytest.mark.slow
def test_the_mel_values_are_those_of_librosa(tone):
    waveform = tone(440, 3000) + 0.01 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    drawing = mel_drawing(waveform, RATE, FRAMES, n_mels=40)
    power = librosa.feature.melspectrogram(
        y=waveform, sr=RATE, n_fft=1024, hop_length=256, n_mels=40, pad_mode="constant"
    )
    expected = librosa.power_to_db(power, top_db=None)
    np.testing.assert_allclose(drawing.values[:, : expected.shape[1]], expected, atol=0.01)


@pytest.mark.slow
def test_the_magnitudes_are_those_of_librosa_and_their_squares_the_power(tone):
    waveform = tone(440, 3000)
    settings = ImageSettings(n_fft=512, hop_samples=256)
    expected = np.abs(librosa.stft(waveform, n_fft=512, hop_length=256, pad_mode="constant"))
    magnitude = spectrogram_drawing(waveform, RATE, settings)
    power = spectrogram_drawing(waveform, RATE, settings, quantity="power")
    np.testing.assert_allclose(magnitude.values[:, : expected.shape[1]], expected, atol=1e-3)
    np.testing.assert_allclose(power.values, magnitude.values**2, rtol=1e-3, atol=1e-6)
    assert (magnitude.colour_label, power.colour_label) == ("magnitude", "power")


def test_the_middle_of_a_mel_band_is_in_the_middle_of_its_row():
    drawing = mel_drawing(np.zeros(RATE, np.float32), RATE, FRAMES, n_mels=40)
    centres = librosa.mel_frequencies(n_mels=42, fmin=0, fmax=RATE / 2)[1:-1]
    assert [place_of(drawing, hz) for hz in centres] == pytest.approx(list(range(40)), abs=1e-3)


def test_a_bin_is_in_the_middle_of_its_row():
    drawing = spectrogram_drawing(np.zeros(RATE, np.float32), RATE, ImageSettings(n_fft=512))
    assert [place_of(drawing, RATE * k / 512) for k in range(257)] == pytest.approx(list(range(257)), abs=1e-3)


@pytest.mark.parametrize("n_samples", [RATE, 20 * RATE])
def test_the_coefficients_are_those_of_the_front_end_also_where_frames_share_a_column(n_samples):
    rng = np.random.default_rng(0)
    waveform = rng.standard_normal(n_samples).astype(np.float32) * np.linspace(0, 1, n_samples, dtype=np.float32) ** 9
    settings = ImageSettings(n_fft=1024, hop_samples=256, n_columns=300)
    drawing = mfcc_drawing(waveform, RATE, settings, n_mfcc=8, n_mels=40)
    front_end = Mfcc(MfccSettings(n_fft=1024, hop_samples=256, n_mfcc=8, n_mels=40))
    with torch.inference_mode():
        frames = front_end(torch.from_numpy(waveform)[None])[0].numpy()
    shared = -(-frames.shape[1] // 300)
    assert (shared > 1) == (n_samples > RATE)
    expected = np.stack([frames[:, at : at + shared].mean(axis=1) for at in range(0, frames.shape[1], shared)], axis=1)
    np.testing.assert_allclose(drawing.values[:, : expected.shape[1]], expected, atol=0.02)
    assert (f"mean of {shared} frames" in drawing.remark) == (shared > 1)


def test_the_colours_of_coefficients_are_made_for_all_but_the_first():
    waveform = 1e-3 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    drawing = mfcc_drawing(waveform, RATE, ImageSettings())
    assert drawing.low == -drawing.high
    assert drawing.values[0].min() < drawing.low
    assert np.abs(drawing.values[1:]).max() == pytest.approx(drawing.high, rel=0.5)
    assert (drawing.lowest, drawing.highest) == (-0.5, 12.5)


@pytest.mark.parametrize("make", [log_spectrogram_drawing, mel_drawing])
@pytest.mark.parametrize("gain", [1, 1e-2, 0])
def test_the_colours_reach_80_db_down_and_silence_is_dark(make, gain, tone):
    drawing = make(gain * tone(440), RATE, ImageSettings())
    assert drawing.high - drawing.low == pytest.approx(80)
    if gain:
        assert drawing.values.max() == drawing.high
    else:
        assert (drawing.values <= drawing.low + 1e-3).all()
    assert drawing.colour_label == "power (dB re 1)"


def test_a_spectrogram_of_silence_is_dark():
    drawing = spectrogram_drawing(np.zeros(RATE, np.float32), RATE, ImageSettings())
    assert drawing.values.max() < 1e-6 * drawing.high


def test_an_axis_by_octaves_goes_from_20_hz_to_half_the_rate(tone):
    drawing = log_spectrogram_drawing(tone(440), RATE, ImageSettings())
    assert (drawing.lowest, drawing.bottom) == (20, 20)
    assert drawing.highest == pytest.approx(RATE / 2)
    assert drawing.top == pytest.approx(RATE / 2)
    even = spectrogram_drawing(tone(440), RATE, ImageSettings())
    assert (even.lowest, even.highest) == (0, RATE / 2)


@pytest.mark.slow
def test_an_hour_has_no_more_columns_and_rows_than_a_second():
    waveform = np.random.default_rng(0).standard_normal(3600 * 250).astype(np.float32)
    drawing = mel_drawing(waveform, 250, ImageSettings())
    assert drawing.values.shape[1] <= 1001
    assert "loudest of" in drawing.remark
    assert spectrogram_drawing(waveform, 250, ImageSettings(n_fft=4096)).values.shape[0] <= 360


@pytest.mark.parametrize("make", [spectrogram_drawing, log_spectrogram_drawing, mel_drawing, mfcc_drawing])
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n_fft": 1}, "n_fft must be at least 2, not 1"),
        ({"hop_samples": 0}, "hop_samples must be at least 1, not 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(make, settings, words):
    with pytest.raises(SettingError, match=words):
        make(np.zeros(100, np.float32), RATE, ImageSettings(**settings))


@pytest.mark.parametrize("top_db", [0.0, -1.0, np.inf, np.nan])
def test_colours_need_a_range(top_db):
    with pytest.raises(SettingError, match="top_db must be above 0"):
        mel_drawing(np.zeros(100, np.float32), RATE, ImageSettings(), top_db=top_db)


def test_more_bands_than_bins_are_refused():
    with pytest.raises(SettingError, match="n_mels"):
        mel_drawing(np.zeros(100, np.float32), RATE, ImageSettings(n_fft=64))
