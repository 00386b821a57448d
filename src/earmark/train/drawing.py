"""Batches of the training part, changed anew each time they are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from earmark.augment.chain import Chain
from earmark.augment.mixing import Mixed
from earmark.errors import SettingError
from earmark.features.decibel import power_to_db


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What is done to a batch.

    Attributes:
        chain: Augmentations that take power, features or pictures. Those of power come first, then the features are
            standardised, then come those of features; pictures are changed before they are standardised.
        top_db: Of the front end, if it gives power in dB: what is below is lifted, as there.
        is_power_db: Whether the features are power in dB, so that steps on power can be done.

    Raises:
        SettingError: A step takes what the features are not.
    """

    chain: Chain
    top_db: float | None = None
    is_power_db: bool = False

    def __post_init__(self) -> None:
        if "waveform" in self.chain.takes:
            raise SettingError("steps that take waveforms change sounds, not batches of features")
        if "power" in self.chain.takes and not self.is_power_db:
            raise SettingError("steps that take power need features in dB")


class Drawing:
    """Draws batches: of each segment one version, as chance will have it, changed and standardised.

    Args:
        versions: The features of the training segments, one tensor (n_segments, [n_channels,] n_bins, n_frames) a
            version, not standardised; the first are those of the sounds as they are.
        y: The class of each segment (n_segments,) int64.
        n_classes: How many classes there are.
        standardiser: Brings features to what the network sees.
        changes: What is done to each batch.

    Raises:
        SettingError: The versions differ in shape: a sound was changed in length.
    """

    def __init__(
        self, versions: Sequence[Tensor], y: Tensor, *, n_classes: int, standardiser: nn.Module, changes: Changes
    ) -> None:
        shapes = {tuple(version.shape) for version in versions}
        if len(shapes) > 1:
            raise SettingError(f"all versions of the sounds must have one shape, not {sorted(shapes)}")
        # Half precision: dB to 0.03 at most, in half the memory, of what is changed by more than that.
        # Of other features, large values would not be finite in half precision, and small ones zero.
        is_halved = changes.is_power_db and len(versions) > 1
        self._versions = torch.stack([version.half() if is_halved else version for version in versions])
        self._y = y
        self._n_classes = n_classes
        self._standardiser = standardiser
        self._changes = changes
        self._power = changes.chain.only("power")
        self._features = changes.chain.only("features")
        self._picture = changes.chain.only("picture")

    @torch.no_grad()
    def __call__(self, batch: Tensor, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return features and targets of a batch.

        Args:
            batch: Which segments (batch,) int64.
            generator: Where all chance comes from.

        Returns:
            Standardised features (batch, [n_channels,] n_bins, n_frames) and the classes (batch,) int64, or where
            steps mix the share of each class (batch, n_classes); both where `batch` is.
        """
        device, batch = batch.device, batch.cpu()
        version = torch.from_numpy(generator.integers(len(self._versions), size=len(batch)))
        features = self._versions[version, batch].float()
        y = self._y[batch]
        # The targets travel through every chain: a step may mix, and which one does is its own affair.
        targets = functional.one_hot(y, self._n_classes).float()
        if self._power.steps:
            power, targets = _changed(self._power, torch.pow(10.0, features / 10.0), targets, generator)
            features = power_to_db(power, self._changes.top_db)
        if self._picture.steps:
            features, targets = _changed(self._picture, features, targets, generator)
        features = self._standardiser(features)
        if self._features.steps:
            features, targets = _changed(self._features, features, targets, generator)
        return features.to(device), (targets if self._changes.chain.mixes else y).to(device)


def _changed(chain: Chain, features: Tensor, targets: Tensor, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
    mixed = chain.apply(Mixed(features.numpy(), targets.numpy()), generator)
    return torch.from_numpy(mixed.batch), torch.from_numpy(mixed.targets)
