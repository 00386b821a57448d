"""Pictures that are brighter, duller, noisier, or turned round; the opacity, a fourth channel, stays as it is."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from earmark.audio import FloatArray
from earmark.augment.chance import change_some, draw
from earmark.augment.checks import check_range, check_share

_RGBA = 4


@dataclass(frozen=True, kw_only=True)
class BrightnessSettings:
    """How much brighter or darker.

    Attributes:
        p: The chance that an item is changed.
        change_low: The least that is added to each colour, from -1 for black.
        change_high: The most, up to 1 for white.

    Raises:
        SettingError: A setting is out of its range.
    """

    p: float = 1.0
    change_low: float = -0.2
    change_high: float = 0.2

    def __post_init__(self) -> None:
        check_share(self, "p")
        check_range(self, "change", least=-1.0, most=1.0)


@dataclass(frozen=True, kw_only=True)
class ContrastSettings:
    """How much more or less contrast.

    Attributes:
        p: The chance that an item is changed.
        factor_low: The least that distances from the mean are multiplied with, from 0 for a picture of one colour.
        factor_high: The most, up to 10.

    Raises:
        SettingError: A setting is out of its range.
    """

    p: float = 1.0
    factor_low: float = 0.7
    factor_high: float = 1.3

    def __post_init__(self) -> None:
        check_share(self, "p")
        check_range(self, "factor", least=0.0, most=10.0)


@dataclass(frozen=True, kw_only=True)
class PictureNoiseSettings:
    """How strong the noise is.

    Attributes:
        p: The chance that an item is changed.
        sd_low: The least standard deviation, from 0; a colour reaches from 0 to 1.
        sd_high: The largest, up to 1.

    Raises:
        SettingError: A setting is out of its range.
    """

    p: float = 1.0
    sd_low: float = 0.0
    sd_high: float = 0.1

    def __post_init__(self) -> None:
        check_share(self, "p")
        check_range(self, "sd", least=0.0, most=1.0)


@dataclass(frozen=True, kw_only=True)
class FlipSettings:
    """How often a picture is turned round.

    Attributes:
        p: The chance that an item is changed.

    Raises:
        SettingError: The chance is out of its range.
    """

    p: float = 0.5

    def __post_init__(self) -> None:
        check_share(self, "p")


def change_brightness(batch: FloatArray, generator: np.random.Generator, settings: BrightnessSettings) -> FloatArray:
    """Make pictures brighter or darker, by the same amount everywhere.

    Args:
        batch: Pictures (batch, n_channels, n_rows, n_columns) in [0, 1]; four channels are red, green, blue, opacity.
        generator: Chooses the items and how much.
        settings: How much.

    >>> brighter = BrightnessSettings(change_low=0.25, change_high=0.25)
    >>> change_brightness(np.full((1, 1, 1, 2), 0.5, np.float32), np.random.default_rng(0), brighter)
    array([[[[0.75, 0.75]]]], dtype=float32)
    """

    def change(colours: FloatArray) -> FloatArray:
        return colours + draw(generator, settings.change_low, settings.change_high, colours)

    return _change_colours(batch, generator, settings.p, change)


def change_contrast(batch: FloatArray, generator: np.random.Generator, settings: ContrastSettings) -> FloatArray:
    """Bring each colour of a picture nearer to its mean or farther from it.

    Args:
        batch: Pictures (batch, n_channels, n_rows, n_columns) in [0, 1]; four channels are red, green, blue, opacity.
        generator: Chooses the items and how much.
        settings: How much.

    >>> duller = ContrastSettings(factor_low=0.5, factor_high=0.5)
    >>> change_contrast(np.array([[[[0, 1]]]], np.float32), np.random.default_rng(0), duller)
    array([[[[0.25, 0.75]]]], dtype=float32)
    """

    def change(colours: FloatArray) -> FloatArray:
        factor = draw(generator, settings.factor_low, settings.factor_high, colours)
        means: FloatArray = colours.mean(axis=(2, 3), keepdims=True)  # (batch, n_colours, 1, 1)
        return colours * factor + means * (1 - factor)  # written so that a factor of 1 changes no bit

    return _change_colours(batch, generator, settings.p, change)


def add_picture_noise(batch: FloatArray, generator: np.random.Generator, settings: PictureNoiseSettings) -> FloatArray:
    """Add Gaussian noise to every colour of every pixel.

    Args:
        batch: Pictures (batch, n_channels, n_rows, n_columns) in [0, 1]; four channels are red, green, blue, opacity.
        generator: Chooses the items and how strong, and draws the noise.
        settings: How strong.

    >>> add_picture_noise(np.ones((2, 4, 3, 5), np.float32), np.random.default_rng(0), PictureNoiseSettings()).max()
    np.float32(1.0)
    """

    def change(colours: FloatArray) -> FloatArray:
        sd = draw(generator, settings.sd_low, settings.sd_high, colours)
        return colours + sd * generator.standard_normal(colours.shape, dtype=np.float32)

    return _change_colours(batch, generator, settings.p, change)


def flip(batch: FloatArray, generator: np.random.Generator, settings: FlipSettings) -> FloatArray:
    """Turn pictures round, left to right: of a drawn sound, the end comes first.

    Args:
        batch: Pictures (batch, n_channels, n_rows, n_columns).
        generator: Chooses the items.
        settings: How often.

    >>> flip(np.array([[[[0, 1]]]], np.float32), np.random.default_rng(0), FlipSettings(p=1.0))
    array([[[[1., 0.]]]], dtype=float32)
    """
    return change_some(batch, generator, p=settings.p, takes="picture", change=lambda items: items[..., ::-1])


def _change_colours(
    batch: FloatArray, generator: np.random.Generator, p: float, change: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    def change_all(items: FloatArray) -> FloatArray:
        n_colours = _RGBA - 1 if items.shape[1] == _RGBA else items.shape[1]
        changed = items.copy()
        changed[:, :n_colours] = np.clip(change(items[:, :n_colours]), 0.0, 1.0)
        return changed

    return change_some(batch, generator, p=p, takes="picture", change=change_all)
