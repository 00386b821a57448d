"""The front end for features that are there already, as those of a file: they go out as they came in."""

from dataclasses import dataclass

from torch import Tensor, nn

from earmark.errors import DataError
from earmark.features.statistics import summarise

_N_AXES = 3


@dataclass(frozen=True, kw_only=True)
class GivenSettings:
    """What is done with features that are there already.

    Attributes:
        summary: Whether five statistics over time take their place, as the front end `statistics` has them of MFCC.
    """

    summary: bool = False


class Given(nn.Module):
    """Passes features on as they are, or five statistics of each bin over time.

    Args:
        settings: What is done with them; the defaults if None.

    >>> import torch
    >>> Given()(torch.zeros(2, 13, 130)).shape
    torch.Size([2, 13, 130])
    >>> Given(GivenSettings(summary=True))(torch.zeros(2, 13, 130)).shape
    torch.Size([2, 65, 1])
    """

    def __init__(self, settings: GivenSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or GivenSettings()

    def forward(self, features: Tensor) -> Tensor:
        """Pass the features on.

        Args:
            features: Features (batch, n_bins, n_frames), of at least one frame.

        Returns:
            The same, or their statistics (batch, 5 * n_bins, 1); in the unit of the features.

        Raises:
            DataError: They have not three axes.
        """
        if features.ndim != _N_AXES:
            raise DataError(f"features must be (batch, n_bins, n_frames), not of shape {tuple(features.shape)}")
        return summarise(features) if self.settings.summary else features
