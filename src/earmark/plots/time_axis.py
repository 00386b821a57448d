"""The time axis: seconds on the inside, and on the labels the unit that people read."""

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

_BELOW_IS_MS = 0.1
_FROM_IS_MINUTES = 180.0
_FROM_IS_HOURS = 3 * 3600.0
# Shorter stretches would have the same label twice.
_LEAST_IN_MINUTES = 900.0
_LEAST_IN_SECONDS = 12.0
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)


def set_time_axis(axes: Axes, start_s: float, end_s: float, *, n_ticks: int = 9) -> None:
    """Let the horizontal axis be time.

    The data stay in seconds. Labels are in milliseconds below a tenth of a second, in minutes and seconds from three
    minutes on, in hours and minutes from three hours on.

    Args:
        axes: The axes.
        start_s: Where it begins, in seconds.
        end_s: Where it ends, in seconds, later than it begins.
        n_ticks: How many ticks at most, about.
    """
    axes.set_xlim(start_s, end_s)
    axes.set_xlabel(f"time ({time_unit(start_s, end_s)})")
    axis, length_s, unit = axes.xaxis, end_s - start_s, time_unit(start_s, end_s)
    if unit in {"s", "ms"}:
        axis.set_major_locator(MaxNLocator(n_ticks, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(_as_seconds if unit == "s" else _as_ms))
        return
    step_s = next((step for step in _STEPS_S if length_s / step <= n_ticks), _STEPS_S[-1] * (1 + int(length_s / 1e6)))
    axis.set_major_locator(MultipleLocator(step_s))
    axis.set_major_formatter(FuncFormatter(_as_clock if unit == "min:s" else _as_hours))


def time_unit(start_s: float, end_s: float) -> str:
    """Return the unit in which people read such a stretch: ``ms``, ``s``, ``min:s`` or ``h:min``.

    >>> time_unit(0, 30)
    's'
    """
    length_s = end_s - start_s
    if end_s >= _FROM_IS_HOURS and length_s >= _LEAST_IN_MINUTES:
        return "h:min"
    if end_s >= _FROM_IS_MINUTES and length_s >= _LEAST_IN_SECONDS:
        return "min:s"
    return "ms" if end_s < _BELOW_IS_MS else "s"


def _as_seconds(at_s: float, _: object) -> str:
    return f"{at_s:.13g}"


def _as_ms(at_s: float, _: object) -> str:
    return f"{1000 * at_s:.13g}"


def _as_clock(at_s: float, _: object) -> str:
    minutes, seconds = divmod(round(at_s), 60)
    return f"{minutes}:{seconds:02}"


def _as_hours(at_s: float, _: object) -> str:
    return _as_clock(round(at_s) / 60, _)
