"""Figures of one sound. Each function returns a matplotlib figure that pyplot knows nothing of."""

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from earmark.plots.drawing import Drawing, add_colour_bar, check_sound, draw_on
from earmark.plots.spectrograms import (
    ImageSettings,
    log_spectrogram_drawing,
    mel_drawing,
    mfcc_drawing,
    spectrogram_drawing,
)
from earmark.plots.spectrum import spectrum_drawing
from earmark.plots.theme import Theme, new_figure, theme_of, width_of, write
from earmark.plots.waveform import waveform_drawing

if TYPE_CHECKING:  # who draws a waveform need not wait for torch
    from earmark.features.spectrogram import Quantity

_SIZE = (10.0, 4.4)  # inches
_PAGE = (14.0, 11.0)
_PAGE_COLUMNS, _PAGE_ROWS = 600, 280  # as many as pixels, as in `MAX_COLUMNS`
_BAR = 0.025  # width of a colour bar, of that of the axes
_BESIDE = 1.8  # inches: what labels and a colour bar take from the width of axes, at most
_SPACE = 0.15  # between two texts in a line


def plot_waveform(
    waveform: ArrayLike, sample_rate: int, *, title: str | None = None, dark: bool = False, start_s: float = 0.0
) -> Figure:
    """Draw amplitude over time; of a long sound, the lowest and the highest sample of each column.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample, in [-1, 1].
        sample_rate: Samples a second.
        title: What stands above, such as the name of the file.
        dark: Whether to draw light on dark.
        start_s: Where the sound begins in its file, in seconds.

    Raises:
        SettingError: The waveform or the rate cannot be drawn.

    >>> figure = plot_waveform([0.0, 0.5, -0.5], 8000, title="three samples")
    >>> figure.axes[0].get_xlabel()
    'time (ms)'
    """
    samples = check_sound(waveform, sample_rate)
    return _sheet(waveform_drawing(samples, sample_rate, start_s=start_s), title, dark=dark)


def plot_spectrum(
    waveform: ArrayLike, sample_rate: int, *, title: str | None = None, dark: bool = False, full: bool = False
) -> Figure:
    """Draw the level of each frequency in the whole sound, by octaves up to half the sample rate.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample, in [-1, 1].
        sample_rate: Samples a second.
        title: What stands above, such as the name of the file.
        dark: Whether to draw light on dark.
        full: Whether to show the transform up to the sample rate, whose upper half mirrors the lower one; evenly
            spaced.

    Raises:
        SettingError: The waveform or the rate cannot be drawn.
    """
    samples = check_sound(waveform, sample_rate)
    return _sheet(spectrum_drawing(samples, sample_rate, full=full), title, dark=dark)


def plot_spectrogram(
    waveform: ArrayLike,
    sample_rate: int,
    *,
    title: str | None = None,
    dark: bool = False,
    start_s: float = 0.0,
    n_fft: int | None = None,
    hop_samples: int | None = None,
    quantity: "Quantity" = "magnitude",
) -> Figure:
    """Draw magnitude or power over time and frequency, all evenly spaced: little more than the loudest is seen.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample, in [-1, 1].
        sample_rate: Samples a second.
        title: What stands above, such as the name of the file.
        dark: Whether to draw light on dark.
        start_s: Where the sound begins in its file, in seconds.
        n_fft: Length of the Fourier transform, in samples; None for about 93 ms.
        hop_samples: From one frame to the next, in samples; None for what suits the length of the sound.
        quantity: ``magnitude``, or its square, ``power``.

    Raises:
        SettingError: The waveform or the rate cannot be drawn, or a setting cannot be.
    """
    samples = check_sound(waveform, sample_rate)
    settings = ImageSettings(n_fft=n_fft, hop_samples=hop_samples, start_s=start_s)
    return _sheet(spectrogram_drawing(samples, sample_rate, settings, quantity=quantity), title, dark=dark)


def plot_log_spectrogram(
    waveform: ArrayLike,
    sample_rate: int,
    *,
    title: str | None = None,
    dark: bool = False,
    start_s: float = 0.0,
    n_fft: int | None = None,
    hop_samples: int | None = None,
    top_db: float = 80.0,
) -> Figure:
    """Draw power in dB over time and frequency, by octaves from 20 Hz to half the sample rate.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample, in [-1, 1].
        sample_rate: Samples a second.
        title: What stands above, such as the name of the file.
        dark: Whether to draw light on dark.
        start_s: Where the sound begins in its file, in seconds.
        n_fft: Length of the Fourier transform, in samples; None for about 93 ms.
        hop_samples: From one frame to the next, in samples; None for what suits the length of the sound.
        top_db: How far below the loudest point the colours reach, in dB.

    Raises:
        SettingError: The waveform or the rate cannot be drawn, or a setting cannot be.
    """
    samples = check_sound(waveform, sample_rate)
    settings = ImageSettings(n_fft=n_fft, hop_samples=hop_samples, start_s=start_s)
    return _sheet(log_spectrogram_drawing(samples, sample_rate, settings, top_db=top_db), title, dark=dark)


def plot_mel(
    waveform: ArrayLike,
    sample_rate: int,
    *,
    title: str | None = None,
    dark: bool = False,
    start_s: float = 0.0,
    n_fft: int | None = None,
    hop_samples: int | None = None,
    n_mels: int = 128,
    top_db: float = 80.0,
) -> Figure:
    """Draw power in dB over time and the mel scale.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample, in [-1, 1].
        sample_rate: Samples a second.
        title: What stands above, such as the name of the file.
        dark: Whether to draw light on dark.
        start_s: Where the sound begins in its file, in seconds.
        n_fft: Length of the Fourier transform, in samples; None for about 93 ms.
        hop_samples: From one frame to the next, in samples; None for what suits the length of the sound.
        n_mels: Number of mel bands, at most n_fft // 2 + 1.
        top_db: How far below the loudest point the colours reach, in dB.

    Raises:
        SettingError: The waveform or the rate cannot be drawn, or a setting cannot be.
    """
    samples = check_sound(waveform, sample_rate)
    settings = ImageSettings(n_fft=n_fft, hop_samples=hop_samples, start_s=start_s)
    return _sheet(mel_drawing(samples, sample_rate, settings, n_mels=n_mels, top_db=top_db), title, dark=dark)


def plot_mfcc(
    waveform: ArrayLike,
    sample_rate: int,
    *,
    title: str | None = None,
    dark: bool = False,
    start_s: float = 0.0,
    n_fft: int | None = None,
    hop_samples: int | None = None,
    n_mfcc: int = 13,
    n_mels: int = 128,
) -> Figure:
    """Draw mel-frequency cepstral coefficients over time, counted from 0.

    Coefficient 0, the loudness, often lies beyond the ends of the colours: these are made for the others.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample, in [-1, 1].
        sample_rate: Samples a second.
        title: What stands above, such as the name of the file.
        dark: Whether to draw light on dark.
        start_s: Where the sound begins in its file, in seconds.
        n_fft: Length of the Fourier transform, in samples; None for about 93 ms.
        hop_samples: From one frame to the next, in samples; None for what suits the length of the sound.
        n_mfcc: Number of coefficients, at most `n_mels`.
        n_mels: Number of mel bands below them, at most n_fft // 2 + 1.

    Raises:
        SettingError: The waveform or the rate cannot be drawn, or a setting cannot be.
    """
    samples = check_sound(waveform, sample_rate)
    settings = ImageSettings(n_fft=n_fft, hop_samples=hop_samples, start_s=start_s)
    return _sheet(mfcc_drawing(samples, sample_rate, settings, n_mfcc=n_mfcc, n_mels=n_mels), title, dark=dark)


def plot_all(
    waveform: ArrayLike,
    sample_rate: int,
    *,
    title: str | None = None,
    dark: bool = False,
    start_s: float = 0.0,
    full: bool = False,
    n_fft: int | None = None,
    hop_samples: int | None = None,
) -> Figure:
    """Draw all six on one page: waveform, spectrum, spectrogram, log-spectrogram, log-mel spectrogram and MFCC.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample, in [-1, 1].
        sample_rate: Samples a second.
        title: What stands above, such as the name of the file.
        dark: Whether to draw light on dark.
        start_s: Where the sound begins in its file, in seconds.
        full: Whether to show the mirrored half of the spectrum.
        n_fft: Length of the Fourier transform, in samples; None for about 93 ms.
        hop_samples: From one frame to the next, in samples; None for what suits the length of the sound.

    Raises:
        SettingError: The waveform or the rate cannot be drawn, or a setting cannot be.
    """
    samples, theme = check_sound(waveform, sample_rate), theme_of(dark=dark)
    settings = ImageSettings(
        n_fft=n_fft, hop_samples=hop_samples, start_s=start_s, n_columns=_PAGE_COLUMNS, n_rows=_PAGE_ROWS
    )
    drawings: list[Drawing] = [
        waveform_drawing(samples, sample_rate, start_s=start_s),
        spectrum_drawing(samples, sample_rate, full=full),
        spectrogram_drawing(samples, sample_rate, settings),
        log_spectrogram_drawing(samples, sample_rate, settings),
        mel_drawing(samples, sample_rate, settings),
        mfcc_drawing(samples, sample_rate, settings),
    ]
    figure = new_figure(*_PAGE, theme)
    # Each colour bar has a column of its own, so that time axes below one another are equally long.
    places = figure.add_gridspec(3, 4, width_ratios=(1, _BAR, 1, _BAR))
    for number, drawing in enumerate(drawings):
        row, column = number // 2, number % 2 * 2
        axes = figure.add_subplot(places[row, column])
        image = draw_on(axes, drawing, theme, n_ticks=7)
        if image:
            add_colour_bar(figure, figure.add_subplot(places[row, column + 1]), [image], drawing.colour_label, theme)
        _put_title(axes, drawing.heading, drawing.remark, theme, inches=_PAGE[0] / 2 - _BESIDE)
    if title is not None:
        write(figure.suptitle("", color=theme.ink, fontsize=13, fontweight="bold"), title, inches=_PAGE[0] - 1)
    return figure


def _sheet(drawing: Drawing, title: str | None, *, dark: bool) -> Figure:
    theme = theme_of(dark=dark)
    figure = new_figure(*_SIZE, theme)
    places = figure.add_gridspec(1, 2, width_ratios=(1, _BAR)) if drawing.colour_label else figure.add_gridspec(1, 1)
    axes = figure.add_subplot(places[0, 0])
    image = draw_on(axes, drawing, theme)
    if image:
        add_colour_bar(figure, figure.add_subplot(places[0, 1]), [image], drawing.colour_label, theme)
    remark = ", ".join(part for part in (drawing.heading if title else "", drawing.remark) if part)
    _put_title(axes, title or drawing.heading, remark, theme, inches=_SIZE[0] - _BESIDE)
    return figure


def _put_title(axes: Axes, title: str, remark: str, theme: Theme, *, inches: float) -> None:
    """Write above axes of so many inches: the remark at the right, and at the left the title in what room is left."""
    words = axes.set_title(remark, loc="right", color=theme.pale, fontsize=7.5)
    room = inches - width_of(words) - _SPACE
    write(axes.set_title("", loc="left", color=theme.ink, fontsize=11, fontweight="bold"), title, inches=room)
