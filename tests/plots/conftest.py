"""Sounds whose picture is known, and a way to look at what was drawn."""

import numpy as np
import pytest
from matplotlib.text import Text


@pytest.fixture(scope="session")
def tone():
    """Make a tone of one frequency, or the sum of several."""

    def make(*frequencies_hz, seconds=1.0, sample_rate=22050, amplitude=0.4):
        time_s = np.arange(round(seconds * sample_rate)) / sample_rate
        waves = [np.sin(2 * np.pi * frequency_hz * time_s) for frequency_hz in frequencies_hz]
        return (amplitude * np.sum(waves, axis=0)).astype(np.float32)

    return make


@pytest.fixture(scope="session")
def pixels():
    """Draw a figure, and return its pixels (n_rows, n_columns, 3) in 0..255, the lowest row first."""

    def look(figure):
        figure.canvas.draw()
        return np.asarray(figure.canvas.buffer_rgba())[::-1, :, :3].astype(np.int64)

    return look


@pytest.fixture
def drawn_texts(monkeypatch):
    """Draw a figure, and return each text on it with the box that it fills: matplotlib keeps more than it draws."""
    found = []
    draw = Text.draw

    def note(text, *arguments, **settings):
        if text.get_visible() and text.get_text():
            found.append((text.get_text(), text.get_window_extent()))
        draw(text, *arguments, **settings)

    def look(figure):
        monkeypatch.setattr(Text, "draw", note)
        figure.canvas.draw()
        monkeypatch.undo()
        return list(found)

    return look


@pytest.fixture(scope="session")
def brightest_hz(pixels):
    """Find the frequency at which the middle column of an image is lightest, read off its vertical axis."""

    def find(figure, low_hz=0.0, high_hz=np.inf):
        image = pixels(figure)
        axes = figure.axes[0]
        box = axes.get_window_extent()
        column = round((box.x0 + box.x1) / 2)
        rows = np.arange(round(box.y0) + 2, round(box.y1) - 2)
        at_hz = axes.transData.inverted().transform(np.column_stack([np.full(len(rows), column), rows + 0.5]))[:, 1]
        lightness = image[rows, column].sum(axis=1)
        lightness[(at_hz < low_hz) | (at_hz > high_hz)] = -1
        lightest = np.flatnonzero(lightness == lightness.max())
        return float(at_hz[lightest].mean()), float(np.gradient(at_hz)[lightest[0]])

    return find
