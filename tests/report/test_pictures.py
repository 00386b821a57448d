import io

import matplotlib.image
import numpy as np
import pytest

from earmark.report.pictures import indexed_png, spectrogram_png

RATE = 22050


def pixels(png):
    """Decode a PNG with matplotlib: shape (n_rows, n_columns, 3), in 0..1."""
    return matplotlib.image.imread(io.BytesIO(png), format="png")[..., :3]


def tone(frequency_hz, seconds=2.0):
    time_s = np.arange(round(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)


def test_a_picture_is_a_png_that_others_read():
    levels = np.array([[0, 63, 32], [63, 0, 0]], dtype=np.uint8)
    image = pixels(indexed_png(levels))
    assert image.shape == (2, 3, 3)
    assert np.array_equal(image[0, 0], image[1, 1])
    assert image[0, 0].sum() < image[0, 2].sum() < image[0, 1].sum()


def test_louder_is_lighter_for_every_step():
    lightness = pixels(indexed_png(np.arange(64, dtype=np.uint8)[None]))[0] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > 0).all()


def test_a_higher_tone_is_drawn_higher():
    def row_of(frequency_hz):
        return int(pixels(spectrogram_png(tone(frequency_hz), RATE)).sum(axis=(1, 2)).argmax())

    assert row_of(4000) < row_of(1000) < row_of(250)


def test_time_runs_to_the_right():
    image = pixels(spectrogram_png(np.concatenate([np.zeros(RATE, np.float32), tone(1000, 1.0)]), RATE))
    half = image.shape[1] // 2
    assert image[:, half + 5 :].mean() > image[:, : half - 5].mean() + 0.05


def test_silence_is_dark_all_over():
    image = pixels(spectrogram_png(np.zeros(RATE, np.float32), RATE))
    assert image.max() < 0.2


@pytest.mark.parametrize("n_samples", [1, 100, 5 * RATE])
def test_a_picture_of_any_length_is_small(n_samples):
    noise = np.random.default_rng(0).standard_normal(n_samples).astype(np.float32)
    png = spectrogram_png(noise, RATE)
    assert pixels(png).shape[1] <= 201
    assert len(png) < 16_000
