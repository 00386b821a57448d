"""The spectrum: how strong each frequency is in the whole of a sound."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from earmark.audio import FloatArray
from earmark.errors import SettingError
from earmark.plots.columns import MAX_COLUMNS
from earmark.plots.drawing import Reach
from earmark.plots.frequency_axis import lowest_shown_hz, set_frequency_axis
from earmark.plots.theme import Theme

_PIECE_SAMPLES = 1 << 22  # longer sounds are taken in pieces: 3 minutes at 22,050 Hz
_LEAST_SAMPLES = 2048  # shorter ones would be a few dots
_FLOOR_DB = -200.0
_RANGE_DB = 100.0
_LEAST_LOUDEST_DB = -100.0  # the rounding of a silent file is no sound
_HEADROOM_DB = 5.0

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SpectrumDrawing:
    """The level of each frequency.

    Attributes:
        frequency_hz: In Hz, rising, shape (n_points,).
        level_db: In dB, 0 being a tone of amplitude one.
        loudest_db: The level at the upper end of the axis, in dB, without the room above it.
        lowest_hz: Where the axis begins, in Hz.
        highest_hz: Where it ends.
        full: Whether the mirrored half is shown: the upper half of an even axis.
        remark: How it was made.
        colour_label: There are no colours.
        heading: What is drawn.
        label: What the vertical axis says.
    """

    frequency_hz: Array
    level_db: Array
    loudest_db: float
    lowest_hz: float
    highest_hz: float
    full: bool
    remark: str = ""
    colour_label: None = None
    heading: str = "spectrum"
    label: str = "level (dB re full scale)"

    def draw(self, axes: Axes, theme: Theme, *, n_ticks: int = 9) -> None:
        """Draw on axes, and set their scales, limits, ticks and labels."""
        bottom = self.loudest_db - _RANGE_DB
        axes.fill_between(self.frequency_hz, bottom, self.level_db, color=theme.line, alpha=0.25, linewidth=0)
        axes.plot(self.frequency_hz, self.level_db, color=theme.line, linewidth=0.7)
        if self.full:
            axes.axvline(self.highest_hz / 2, color=theme.ink, linewidth=0.8, linestyle=(0, (4, 3)))
            axes.axvspan(self.highest_hz / 2, self.highest_hz, color=theme.pale, alpha=0.18, linewidth=0)
        set_frequency_axis(
            axes,
            side="x",
            scale="linear" if self.full else "log",
            low_hz=self.lowest_hz,
            high_hz=self.highest_hz,
            n_ticks=n_ticks,
        )
        axes.set_ylim(bottom, self.loudest_db + _HEADROOM_DB)
        axes.yaxis.set_major_locator(MaxNLocator(min(n_ticks, 7), steps=[1, 2, 5, 10]))
        axes.set_ylabel(self.label)

    def relative(self) -> Self:
        """Return the spectrum with its strongest frequency at 0 dB."""
        label = "level (dB re loudest of each clip)"
        return replace(self, level_db=self.level_db - self.loudest_db, loudest_db=0.0, label=label)

    @property
    def reach(self) -> Reach:
        """Where frequency ends."""
        return Reach(highest_hz=self.highest_hz)

    def reaching(self, reach: Reach) -> Self:
        """Return it with a frequency axis that goes so far."""
        return replace(self, highest_hz=reach.highest_hz)


def spectrum_drawing(
    waveform: FloatArray, sample_rate: int, *, full: bool = False, n_columns: int = MAX_COLUMNS
) -> SpectrumDrawing:
    """Return a spectrum ready to be drawn.

    It is one Fourier transform of the whole sound, without a window; of a sound of more than four million samples, the
    mean power over pieces of that length. Shorter ones than 2,048 samples are lengthened with silence, so that there
    is a curve to see. Levels do not depend on the length: a tone of amplitude one is at 0 dB.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.
        sample_rate: Samples a second.
        full: Whether the half above half the sample rate is shown too, which mirrors the other; on an even axis.
        n_columns: Of frequencies that share a column, only the strongest is drawn.

    Raises:
        SettingError: The samples are too large.
    """
    amplitude, n_fft = _amplitudes(waveform, sample_rate)
    if not np.isfinite(amplitude).all():
        raise SettingError("the samples are too large to be drawn: scale them to [-1, 1]")
    level_db = 20 * np.log10(np.maximum(amplitude, 10 ** (_FLOOR_DB / 20)))
    frequency_hz: Array = np.arange(len(level_db), dtype=np.float64) * (sample_rate / n_fft)
    if full:
        mirrored = slice(1, (n_fft + 1) // 2)
        frequency_hz = np.concatenate([frequency_hz, sample_rate - frequency_hz[mirrored][::-1]])
        level_db = np.concatenate([level_db, level_db[mirrored][::-1]])
    lowest_hz, highest_hz = (0.0, float(sample_rate)) if full else (lowest_shown_hz(sample_rate), sample_rate / 2)
    edges_hz = (np.linspace if full else np.geomspace)(lowest_hz, highest_hz, n_columns + 1)
    edges_hz[-1] *= 1 + 1e-9  # with the last bin in the last column, however it was rounded
    strongest = strongest_of(level_db, np.searchsorted(frequency_hz, edges_hz))
    strongest = strongest[frequency_hz[strongest] >= lowest_hz / 2]  # 0 Hz has no place on an axis by octaves
    strongest_db = float(level_db[strongest].max(initial=_FLOOR_DB))
    return SpectrumDrawing(
        frequency_hz=frequency_hz[strongest],
        level_db=level_db[strongest],
        loudest_db=max(strongest_db, _LEAST_LOUDEST_DB),
        lowest_hz=lowest_hz,
        highest_hz=highest_hz,
        full=full,
        remark=_remark(len(waveform), float(level_db[0]) if level_db[0] > strongest_db and not full else None),
    )


def strongest_of(level_db: Array, edges: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return where the strongest of each stretch is, and one more place before and behind them all.

    Args:
        level_db: Shape (n_bins,).
        edges: Where stretches begin, and where the last one ends; rising, equal ones leave a stretch empty.

    Returns:
        Places, rising.

    >>> strongest_of(np.array([0.0, 1.0, 3.0, 2.0, 5.0]), np.array([1, 1, 4])).tolist()
    [0, 2, 4]
    """
    ends = np.unique(edges)
    inner = [start + int(level_db[start:stop].argmax()) for start, stop in pairwise(ends)]
    places = [int(ends[0]) - 1, *inner, int(ends[-1])]  # so that the curve goes on to the edges of the axes
    return np.array([place for place in places if 0 <= place < len(level_db)], dtype=np.int64)


def _remark(n_samples: int, hidden_db: float | None) -> str:
    """Return how a spectrum was made, and the level of 0 Hz where it is the strongest and not on the axis."""
    n_pieces = -(-n_samples // _PIECE_SAMPLES)
    mean = [f"mean over {n_pieces} parts of the sound"] if n_pieces > 1 else []
    hidden = [] if hidden_db is None else [f"strongest at 0 Hz: {hidden_db:.0f} dB"]
    return ", ".join([*mean, *hidden])


def _amplitudes(waveform: FloatArray, sample_rate: int) -> tuple[Array, int]:
    """Return the amplitude of each frequency, and the length of the transform."""
    import torch  # noqa: PLC0415 - who draws a waveform need not wait for it

    from earmark.features.spectrum import Spectrum, SpectrumSettings  # noqa: PLC0415 - it brings torch

    front_end = Spectrum(SpectrumSettings(sample_rate=sample_rate, quantity="power"))
    n_pieces = -(-len(waveform) // _PIECE_SAMPLES)
    n_samples = -(-len(waveform) // n_pieces)
    # Pieces are filled up to a power of two: their length is arbitrary, and its transform could take ten times as long.
    n_fft = max(n_samples, _LEAST_SAMPLES) if n_pieces == 1 else _PIECE_SAMPLES
    power = np.zeros(n_fft // 2 + 1)
    with torch.inference_mode():
        for start in range(0, len(waveform), n_samples):
            piece = waveform[start : start + n_samples]
            padded = np.pad(piece, (0, n_fft - len(piece)))
            power += front_end(torch.from_numpy(padded).unsqueeze(0))[0, :, 0].numpy()
    amplitude = 2 * np.sqrt(power / n_pieces) / n_samples
    amplitude[0] /= 2  # nothing mirrors it; nor half the sample rate, where a transform of even length has it
    if n_fft % 2 == 0:
        amplitude[-1] /= 2
    return amplitude, n_fft
