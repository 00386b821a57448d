"""How often a classifier is right where it is so and so sure: a reliability diagram."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from earmark.evaluate.reliability import Reliability, ReliabilityBin
from earmark.plots.theme import Theme, dress, new_figure, theme_of, write

_PANEL = 4.4  # inches
_HEIGHT = 5.2
_MOST_SHARE = 0.22  # of a panel's height: the bars at the bottom, which say how many clips there are


def plot_reliability(
    after: Reliability, before: Reliability | None = None, *, title: str | None = None, dark: bool = False
) -> Figure:
    """Draw how often a classifier is right over how sure it is, and how many clips each point stands for.

    On the diagonal it is as sure as it is right; below it is surer. A point stands at the mean confidence of its clips,
    with the 95 % interval of the share that is right. The bars at the bottom say how the clips are spread.

    Args:
        after: What is said now.
        before: What the network said before calibration, drawn beside it; None for nothing.
        title: What stands above.
        dark: Whether to draw light on dark.

    >>> import numpy as np
    >>> from earmark.evaluate.reliability import reliability
    >>> found = reliability(np.array([[0.75, 0.25]] * 4), np.array([0, 0, 0, 1]))
    >>> [axes.get_xlabel() for axes in plot_reliability(found).axes]
    ['how sure (%)']
    """
    theme = theme_of(dark=dark)
    panels = [("calibrated" if before else "", after)]
    if before:
        panels.insert(0, ("before calibration", before))
    figure = new_figure(_PANEL * len(panels) + 0.6, _HEIGHT, theme)
    heading = figure.suptitle(" ", color=theme.ink, fontsize=11)
    write(heading, title or "reliability", inches=_PANEL * len(panels))
    for place, (name, found) in enumerate(panels):
        axes = figure.add_subplot(1, len(panels), place + 1)
        _draw(axes, found, theme)
        told = f"error {100 * found.expected_calibration_error:.1f} points, {found.n} clips"
        axes.set_title(f"{name}: {told}" if name else told, color=theme.ink, fontsize=9.5)
        if place == 0:
            axes.set_ylabel("how often right (%)")
        dress(axes, theme)
    return figure


def _draw(axes: Axes, found: Reliability, theme: Theme) -> None:
    axes.plot([0, 100], [0, 100], color=theme.pale, linewidth=1.0, linestyle=(0, (4, 3)))
    for each in found.bins:
        axes.bar(
            100 * each.low,
            100 * _MOST_SHARE * each.n / found.n,
            width=100 * (each.high - each.low),
            align="edge",
            color=theme.pale,
            alpha=0.35,
            edgecolor=theme.paper,
            linewidth=0.8,
        )
        _draw_point(axes, each, theme)
    axes.set(xlim=(0, 100), ylim=(0, 102), xlabel="how sure (%)", aspect="equal")


def _draw_point(axes: Axes, each: ReliabilityBin, theme: Theme) -> None:
    if each.confidence is None or each.accuracy is None:
        return
    if each.accuracy_low is not None and each.accuracy_high is not None:
        ends = (100 * each.accuracy_low, 100 * each.accuracy_high)
        axes.vlines(100 * each.confidence, *ends, color=theme.line, alpha=0.45, linewidth=3)
    axes.plot(100 * each.confidence, 100 * each.accuracy, marker="o", markersize=6, color=theme.line, zorder=3)
