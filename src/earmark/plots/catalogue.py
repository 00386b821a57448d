"""The kinds of plots that ship, by name."""

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from earmark._util.catalogue import Catalogue
from earmark.audio import FloatArray
from earmark.plots.drawing import Drawing
from earmark.plots.figures import (
    plot_all,
    plot_log_spectrogram,
    plot_mel,
    plot_mfcc,
    plot_spectrogram,
    plot_spectrum,
    plot_waveform,
)
from earmark.plots.spectrograms import (
    ImageSettings,
    log_spectrogram_drawing,
    mel_drawing,
    mfcc_drawing,
    spectrogram_drawing,
)
from earmark.plots.spectrum import spectrum_drawing
from earmark.plots.waveform import waveform_drawing

CellDrawing = Callable[[FloatArray, int, ImageSettings], Drawing]


@dataclass(frozen=True, kw_only=True)
class PlotKind:
    """A kind of plot.

    Attributes:
        plot: Makes a figure of a waveform and its sample rate; takes `title` and `dark`.
        cell: Makes what one cell of a grid shows; None where a grid cannot have it.
        summary: What is seen, in a few words.
        has_time: Whether it has a time axis, so that `plot` takes `start_s`.
        has_spectrum: Whether it has a spectrum, so that `plot` takes `full`.
    """

    plot: Callable[..., Figure]
    cell: CellDrawing | None
    summary: str
    has_time: bool = True
    has_spectrum: bool = False


PLOTS: Catalogue[PlotKind] = Catalogue(
    "kind of plot",
    {
        "waveform": PlotKind(
            plot=plot_waveform,
            cell=lambda waveform, sample_rate, size: waveform_drawing(
                waveform, sample_rate, start_s=size.start_s, n_columns=size.n_columns
            ),
            summary="amplitude over time",
        ),
        "spectrum": PlotKind(
            plot=plot_spectrum,
            cell=lambda waveform, sample_rate, size: spectrum_drawing(waveform, sample_rate, n_columns=size.n_columns),
            summary="how strong each frequency is in the whole sound",
            has_time=False,
            has_spectrum=True,
        ),
        "spectrogram": PlotKind(
            plot=plot_spectrogram, cell=spectrogram_drawing, summary="magnitude over time and frequency"
        ),
        "log-spectrogram": PlotKind(
            plot=plot_log_spectrogram, cell=log_spectrogram_drawing, summary="power in dB over time, by octaves"
        ),
        "mel": PlotKind(plot=plot_mel, cell=mel_drawing, summary="power in dB over time, by the mel scale"),
        "mfcc": PlotKind(plot=plot_mfcc, cell=mfcc_drawing, summary="mel-frequency cepstral coefficients over time"),
        "all": PlotKind(plot=plot_all, cell=None, summary="all of these on one page", has_spectrum=True),
    },
)
