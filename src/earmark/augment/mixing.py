"""Two items made one, and their targets with them."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from earmark.audio import FloatArray
from earmark.augment.checks import check_batch, check_share
from earmark.errors import SettingError

Level = Literal["loudest", "mean"]

_MOST_ALPHA = 1000.0


@dataclass(frozen=True)
class Mixed:
    """Items and what they are of, which are mixed together.

    Attributes:
        batch: The items, shape (batch, ...).
        targets: How much of each class is in each item, shape (batch, n_classes), float32; one and zeros before
            anything is mixed.

    Raises:
        SettingError: The targets are not one row an item, or not float32.
    """

    batch: FloatArray
    targets: FloatArray

    def __post_init__(self) -> None:
        if self.targets.ndim != 2 or len(self.targets) != len(self.batch):  # noqa: PLR2004 - (batch, n_classes)
            raise SettingError(
                f"targets have the shape (batch, n_classes), here ({len(self.batch)}, n_classes), not "
                f"{self.targets.shape}"
            )
        if self.targets.dtype != np.float32:
            raise SettingError(f"targets are float32, not {self.targets.dtype}: convert them with .astype('float32')")


@dataclass(frozen=True, kw_only=True)
class MixupSettings:
    """How evenly two items are mixed.

    Attributes:
        p: The chance that an item is mixed with another.
        alpha: Shares are drawn from Beta(alpha, alpha): below 1 mostly one item, at 1 any share, above 1 mostly both
            alike; 0 mixes nothing.

    Raises:
        SettingError: A setting is out of its range.
    """

    p: float = 1.0
    alpha: float = 0.2

    def __post_init__(self) -> None:
        check_share(self, "p")
        _check_alpha(self.alpha)


@dataclass(frozen=True, kw_only=True)
class MixEnergiesSettings:
    """How evenly the energies of two items of different classes are mixed.

    Attributes:
        p: The chance that an item is mixed with another.
        alpha: Shares are drawn from Beta(alpha, alpha), as for `MixupSettings`.
        level: What is made equal before two items are mixed: the power of the "loudest" frame, or the "mean" power.

    Raises:
        SettingError: A setting is out of its range.
    """

    p: float = 0.8
    alpha: float = 0.5
    level: Level = "loudest"

    def __post_init__(self) -> None:
        check_share(self, "p")
        _check_alpha(self.alpha)
        if self.level not in get_args(Level):
            raise SettingError(f"level must be 'loudest' or 'mean', not {self.level!r}")


def mixup(mixed: Mixed, generator: np.random.Generator, settings: MixupSettings) -> Mixed:
    """Mix each item of features with one that chance chooses, by a share that chance draws, and the targets likewise.

    Args:
        mixed: Features (batch, n_bins, n_frames) and targets (batch, n_classes).
        generator: Chooses the items, their partners and the shares.
        settings: How evenly.

    Returns:
        New features ``share * own + (1 - share) * partner's``, and targets by the same share.

    >>> one = Mixed(np.ones((1, 2, 3), np.float32), np.ones((1, 1), np.float32))
    >>> mixup(one, np.random.default_rng(0), MixupSettings()).targets
    array([[1.]], dtype=float32)

    Source: Zhang, Cissé, Dauphin and Lopez-Paz (2018), "mixup: beyond empirical risk minimization", ICLR, eq. 1;
    differs in a share for each item, where the authors' code has one for the batch.
    """
    check_batch(mixed.batch, "features")
    partner = generator.permutation(len(mixed.batch))
    share = _shares(len(mixed.batch), generator, settings.p, settings.alpha)
    return Mixed(_weighted(mixed.batch, partner, share, 1 - share), _weighted(mixed.targets, partner, share, 1 - share))


def mix_energies(mixed: Mixed, generator: np.random.Generator, settings: MixEnergiesSettings) -> Mixed:
    """Mix the power of each item with that of one of another class, so that the share tells how loud each is.

    As if the waveforms had been added, which by chance are in step as often as not: the amplitudes of the two, brought
    to one level, are as ``share`` to ``1 - share``, and so the powers as their squares. The targets are mixed by the
    share itself. Where one of the two is silent, levels are not made equal. An item without a partner of another class
    in the batch stays as it is.

    Args:
        mixed: Power (batch, n_bins, n_frames) and targets (batch, n_classes).
        generator: Chooses the items, their partners and the shares.
        settings: How evenly.

    Returns:
        New power and targets.

    >>> one = Mixed(np.ones((1, 2, 3), np.float32), np.ones((1, 1), np.float32))
    >>> mix_energies(one, np.random.default_rng(0), MixEnergiesSettings()).targets
    array([[1.]], dtype=float32)

    Source: Tokozume, Ushiku and Harada (2018), "Learning from between-class examples for deep sound recognition", ICLR,
    eq. 2; differs in powers for waveforms, and in levels that are not weighted by the ear's sensitivity.
    """
    check_batch(mixed.batch, "power")
    partner = _partners(mixed.targets, generator)
    share = _shares(len(mixed.batch), generator, settings.p, settings.alpha)
    share[partner == np.arange(len(partner))] = 1.0
    level = _levels(mixed.batch, settings.level)
    own, other = _amplitudes(share, level, level[partner])
    energy = own**2 + other**2
    return Mixed(
        _weighted(mixed.batch, partner, own**2 / energy, other**2 / energy),
        _weighted(mixed.targets, partner, share, 1 - share),
    )


def _check_alpha(alpha: float) -> None:
    if not 0 <= alpha <= _MOST_ALPHA:
        raise SettingError(f"alpha must be from 0 to {_MOST_ALPHA:g}, not {alpha:g}")


def _shares(n_items: int, generator: np.random.Generator, p: float, alpha: float) -> npt.NDArray[np.float64]:
    """Return how much of each item is left, (batch,); 1 for those that are not mixed."""
    is_mixed = generator.random(n_items) < p
    if alpha == 0:
        return np.ones(n_items)
    return np.where(is_mixed, generator.beta(alpha, alpha, n_items), 1.0)


def _partners(targets: FloatArray, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return for each item one that shares no class with it, or itself where there is none, (batch,)."""
    order = generator.random((len(targets), len(targets)))
    order[targets @ targets.T > 0] = np.inf
    partner = order.argmin(axis=1) if len(targets) else np.zeros(0, np.int64)
    own = np.arange(len(targets))
    return np.where(np.isinf(order[own, partner]), own, partner)


def _levels(batch: FloatArray, level: Level) -> npt.NDArray[np.float64]:
    frames = batch.sum(axis=1, dtype=np.float64)  # (batch, n_frames)
    return np.asarray(frames.max(axis=1) if level == "loudest" else frames.mean(axis=1))


def _amplitudes(
    share: npt.NDArray[np.float64], level: npt.NDArray[np.float64], others: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return what amplitudes are multiplied with: they sum to 1."""
    can_be_equal = (level > 0) & (others > 0)
    ratio = np.sqrt(np.divide(level, others, out=np.ones_like(level), where=can_be_equal))
    own = share / (share + (1 - share) * ratio)
    return own, 1 - own


def _weighted(
    items: FloatArray, partner: npt.NDArray[np.int64], own: npt.NDArray[np.float64], other: npt.NDArray[np.float64]
) -> FloatArray:
    beside = (-1, *[1] * (items.ndim - 1))
    first: FloatArray = own.astype(np.float32).reshape(beside)
    second: FloatArray = other.astype(np.float32).reshape(beside)
    return first * items + second * items[partner]
