"""Frequency axes: Hz on the inside, spaced evenly, by octaves, or by the mel scale."""

import math
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

Scale = Literal["linear", "log", "mel"]

_LOWEST_HZ = 20.0  # people hear no tone below
_IN_KHZ_FROM = 2000.0
_MEL_TICKS_HZ = (0, 250, 500, 1000, 2000, 4000, 8000, 16000, 32000)
_MORE = 3  # ticks than asked for, rather than the few at the tens only
_FEW_MEL_TICKS_HZ = (0, 1000, 4000, 16000)


def set_frequency_axis(
    axes: Axes, *, side: Literal["x", "y"], scale: Scale, low_hz: float, high_hz: float, n_ticks: int = 9
) -> None:
    """Let an axis be frequency. The data stay in Hz, whatever the labels say.

    Args:
        axes: The axes.
        side: Which of the two.
        scale: How frequencies are spaced: evenly, by octaves, or by Slaney's mel scale.
        low_hz: Where the axis begins, in Hz; above 0 for octaves.
        high_hz: Where it ends, in Hz.
        n_ticks: How many ticks at most, about; with few, octaves are marked by tens.
    """
    is_x = side == "x"
    set_scale = axes.set_xscale if is_x else axes.set_yscale
    if scale == "mel":
        from earmark.features.mel import hz_to_mel, mel_to_hz  # noqa: PLC0415 - it brings torch

        set_scale("function", functions=(hz_to_mel, mel_to_hz))
    else:
        set_scale(scale)
    (axes.set_xlim if is_x else axes.set_ylim)(low_hz, high_hz)
    in_khz = scale == "linear" and high_hz >= _IN_KHZ_FROM
    spacing = ", mel scale" if scale == "mel" else ""
    (axes.set_xlabel if is_x else axes.set_ylabel)(f"frequency ({'kHz' if in_khz else 'Hz'}{spacing})")
    _set_ticks(axes.xaxis if is_x else axes.yaxis, ticks_hz(scale, low_hz, high_hz, n_ticks), n_ticks, in_khz=in_khz)


def lowest_shown_hz(sample_rate: float) -> float:
    """Return where an axis by octaves begins, in Hz: at 20, and for rates below that of speech deeper.

    >>> lowest_shown_hz(22050)
    20.0
    """
    return min(_LOWEST_HZ, sample_rate / 100)


def ticks_hz(scale: Scale, low_hz: float, high_hz: float, n_ticks: int) -> list[float]:
    """Return where ticks belong, in Hz; nothing where even spacing will do.

    >>> ticks_hz("log", 20, 11025, 4)
    [100.0, 1000.0, 10000.0]
    """
    if scale == "linear":
        return []
    if scale == "mel":
        every = [float(tick) for tick in _MEL_TICKS_HZ if low_hz <= tick <= high_hz]
        found = every if len(every) <= n_ticks + _MORE else [tick for tick in every if tick in _FEW_MEL_TICKS_HZ]
    else:
        decades = range(math.floor(math.log10(low_hz)), math.ceil(math.log10(high_hz)) + 1)
        every = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5)]
        inside = [tick for tick in every if low_hz <= tick <= high_hz]
        found = inside if len(inside) <= n_ticks + _MORE else [tick for tick in inside if math.log10(tick).is_integer()]
    return found if len(found) > 1 else []


def _set_ticks(axis: XAxis | YAxis, ticks: list[float], n_ticks: int, *, in_khz: bool) -> None:
    axis.set_major_locator(FixedLocator(ticks) if ticks else MaxNLocator(n_ticks, steps=[1, 2, 5, 10]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(_in_khz if in_khz else _in_hz))


def _in_hz(frequency_hz: float, _: object) -> str:
    return f"{frequency_hz / 1000:g}k" if frequency_hz >= 1000 else f"{frequency_hz:g}"  # noqa: PLR2004 - one kHz


def _in_khz(frequency_hz: float, _: object) -> str:
    return f"{frequency_hz / 1000:g}"
