"""A second opinion beside a network: a support-vector machine on statistics of the same features."""

import torch
from torch import Tensor, nn

from earmark.features.mfcc import cosine_rows
from earmark.features.standardise import Standardiser
from earmark.features.statistics import summarise
from earmark.models.modulation import ModulationSpectrum
from earmark.models.solved import log_probabilities
from earmark.models.svm import Svm, SvmSettings
from earmark.models.windows import with_channels

_N_COEFFICIENTS = 20
_N_STATISTICS = 5  # those of `summarise`
_N_SWINGING = 13  # coefficients whose ups and downs are looked at


class SecondOpinion(nn.Module):
    """Hears the features that a network hears, and adds to its probabilities those of a support-vector machine.

    Of log-mel features it takes the cepstrum (MFCC) of the lower bands, and classifies two things: five statistics over
    time of each coefficient, as the baseline that every scorecard shows beside the network does, and how strongly the
    lower coefficients go up and down, octave by octave of how fast that is. It knows of sound what the network does not
    care for, so that the two make different mistakes. The weaker of the two has the smaller share in what both say.
    Bands near the upper end are left out: what they hold tells of the microphone and of lossy formats more than of the
    sound.

    It has no gradient to learn by: `earmark.train.opinion` solves it when the network is trained. Until then
    `is_solved` is false.

    Args:
        n_bins: Bins of the features.
        n_channels: Channels of the features, where they have them: those of pictures.
        n_classes: Classes to tell apart.
        share: The share of the bins, from the lowest on, that the cepstrum is taken over, above 0 to 1.
        weight: What its probabilities count for, above 0 and below 1; the rest is the network's.
        modulation_frames: Frames of a stretch in which ups and downs are looked for, at least 4; None to leave them.

    Source: soft voting, as in Kittler, Hatef, Duin and Matas (1998), "On combining classifiers",
    IEEE Transactions on Pattern Analysis and Machine Intelligence 20 (the sum rule), here with weights.
    """

    cosines: Tensor
    octaves: Tensor
    network_temperature: Tensor
    temperature: Tensor

    def __init__(
        self,
        *,
        n_bins: int,
        n_channels: int = 1,
        n_classes: int,
        share: float,
        weight: float = 0.3,
        modulation_frames: int | None = None,
    ) -> None:
        super().__init__()
        self.weight = weight
        self.n_low = max(1, round(share * n_bins))
        n_rows = min(_N_COEFFICIENTS, self.n_low)
        n_values = _N_STATISTICS * n_rows * n_channels
        self.swings = None
        if modulation_frames is not None:
            self.n_swinging = min(_N_SWINGING, n_rows)
            self.swings = ModulationSpectrum(modulation_frames)
            self.register_buffer("octaves", octave_columns(modulation_frames // 2), persistent=False)
            n_values += self.n_swinging * self.octaves.shape[1] * n_channels
        self.register_buffer("cosines", cosine_rows(n_rows, self.n_low).float(), persistent=False)
        self.bins = Standardiser(n_bins, n_channels)  # what was done to the features, and is undone here
        self.values = Standardiser(n_values)
        self.machine = Svm(n_bins=n_values, n_frames=1, n_classes=n_classes, settings=SvmSettings())
        self.register_buffer("network_temperature", torch.ones(()))
        self.register_buffer("temperature", torch.ones(()))

    @property
    def is_solved(self) -> bool:
        """Whether there is an opinion."""
        return self.machine.support.shape[0] > 0

    def statistics(self, features: Tensor) -> Tensor:
        """Return what the machine looks at.

        Args:
            features: Standardised features (batch, [n_channels,] n_bins, n_frames).

        Returns:
            Statistics (batch, n_values, 1), in the unit of the features before they were standardised.
        """
        planes = with_channels(features.float() * self.bins.deviation + self.bins.mean)
        cepstrum = torch.matmul(self.cosines, planes[:, :, : self.n_low])  # (batch, n_channels, n_rows, n_frames)
        statistics = summarise(cepstrum.flatten(1, 2))
        if self.swings is None:
            return statistics
        rates = torch.matmul(self.swings(cepstrum[:, :, : self.n_swinging]), self.octaves)  # (..., n_octaves)
        return torch.cat([statistics, rates.flatten(1).unsqueeze(2)], dim=1)

    def scores(self, features: Tensor) -> Tensor:
        """Return the scores (batch, n_classes) of the machine alone, before its temperature."""
        scores: Tensor = self.machine(self.values(self.statistics(features)))
        return scores

    def forward(self, features: Tensor, logits: Tensor) -> Tensor:
        """Return what both say together.

        Args:
            features: Standardised features (batch, [n_channels,] n_bins, n_frames).
            logits: What the network says of them (batch, n_classes).

        Returns:
            The logarithm (batch, n_classes) of the weighted mean of both probabilities, each with its own temperature.
        """
        of_network = torch.softmax(logits / self.network_temperature, dim=1)
        of_machine = torch.softmax(self.scores(features) / self.temperature, dim=1)
        return log_probabilities((1 - self.weight) * of_network + self.weight * of_machine)


def octave_columns(n_rates: int) -> Tensor:
    """Return the matrix (n_rates, n_octaves) that takes the mean over octaves of rates: 1, 2 to 3, 4 to 7 and so on.

    An octave of which some rates are missing is left out.

    Args:
        n_rates: How many rates there are, the n-th of them n times as fast as the first.
    """
    rates = torch.arange(1, n_rates + 1)
    lowest = [2**octave for octave in range(n_rates.bit_length()) if 2 ** (octave + 1) - 1 <= n_rates]
    return torch.stack([((rates >= low) & (rates < 2 * low)) / low for low in lowest], dim=1)
