"""What every kind of plot has: numbers that are ready, and a way to draw them on axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from earmark.audio import FloatArray
from earmark.errors import SettingError
from earmark.plots.theme import Theme, dress


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How far a drawing goes. Drawings of one reach stand in one scale.

    Attributes:
        end_s: Where time ends, in seconds.
        highest_hz: Where frequency ends, in Hz.
        value: The value of the last colour.
    """

    end_s: float = 0.0
    highest_hz: float = 0.0
    value: float = 0.0


class Drawing(Protocol):
    """A sound as one kind of plot shows it."""

    @property
    def heading(self) -> str:
        """What kind it is."""

    @property
    def remark(self) -> str:
        """How it was made, in a few words."""

    @property
    def colour_label(self) -> str | None:
        """What the colours say, with its unit; None where there is no colour bar."""

    def draw(self, axes: Axes, theme: Theme, *, n_ticks: int = 9) -> AxesImage | None:
        """Draw on axes, and set their scales, limits, ticks and labels.

        Args:
            axes: Empty axes.
            theme: The colours.
            n_ticks: How many ticks an axis may have, about.

        Returns:
            What a colour bar belongs to; None where there is none.
        """

    def relative(self) -> Self:
        """Return the same sound measured by its own loudest point, to stand beside others in one scale."""

    @property
    def reach(self) -> Reach:
        """How far it goes; 0 where a kind has no such thing."""

    def reaching(self, reach: Reach) -> Self:
        """Return it with axes and colours that go so far."""


def check_sound(waveform: ArrayLike, sample_rate: int) -> FloatArray:
    """Return a waveform as float32.

    Args:
        waveform: Sound, shape (n_samples,).
        sample_rate: Samples a second.

    Raises:
        SettingError: It has another shape or no samples, some are not finite, or the rate is below 1.
    """
    samples = np.asarray(waveform, dtype=np.float32)
    if samples.ndim != 1 or not len(samples):
        raise SettingError(
            f"waveform must be one channel of at least one sample, shape (n_samples,), not of shape {samples.shape}"
        )
    if not np.isfinite(samples).all():
        raise SettingError("waveform has samples that are not finite (NaN or infinite): take them out")
    if sample_rate < 1:
        raise SettingError(f"sample_rate must be at least 1, not {sample_rate}")
    return samples


def draw_on(axes: Axes, drawing: Drawing, theme: Theme, *, n_ticks: int = 9, size: float = 9.0) -> AxesImage | None:
    """Draw on empty axes in the colours of a theme.

    Args:
        axes: The axes.
        drawing: What is drawn.
        theme: The colours.
        n_ticks: How many ticks an axis may have, about.
        size: Of words, in points.

    Returns:
        What a colour bar belongs to; None where there is none.
    """
    dress(axes, theme, size=size)
    return drawing.draw(axes, theme, n_ticks=n_ticks)


def add_colour_bar(figure: Figure, axes: Axes, images: Sequence[AxesImage], label: str | None, theme: Theme) -> None:
    """Draw the colour bar of images on axes of its own; its ends are pointed where values lie beyond them.

    Args:
        figure: The figure.
        axes: Empty axes for the bar.
        images: What has these colours, at least one; all with the same limits.
        label: What the colours say, with its unit.
        theme: The colours of the words.
    """
    values = [np.asarray(image.get_array()) for image in images]
    low, high = images[0].get_clim()
    slack = (high - low) * 1e-3
    is_beyond = (
        any(bool(array.min() < low - slack) for array in values),
        any(bool(array.max() > high + slack) for array in values),
    )
    extend = {(True, False): "min", (False, True): "max", (True, True): "both"}.get(is_beyond, "neither")
    bar = figure.colorbar(images[0], cax=axes, label=label, extend=extend)
    bar.outline.set(edgecolor=theme.pale, linewidth=0.7)
    dress(axes, theme)
