"""The multiscale network: several memories that forget on longer and longer time scales."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from earmark.models.checks import check_counts, check_dropout
from earmark.models.recurrent import dense_head, frames_first, keep_at_first, run_lstm
from earmark.models.windows import check_size


@dataclass(frozen=True, kw_only=True)
class LstmMultiscaleSettings:
    """Settings of the multiscale network.

    Attributes:
        n_memories: How many memories there are, from 1; memory k hears means over 2 ** k frames.
        n_units: Units of each memory.
        n_hidden: Units of the dense layer before the classes.
        dropout: Share of the dense layer's units left out in a training step, 0 to below 1.

    Raises:
        SettingError: A setting cannot be.
    """

    n_memories: int = 4
    n_units: int = 48
    n_hidden: int = 64
    dropout: float = 0.3

    def __post_init__(self) -> None:
        check_counts(self, "n_memories", "n_units", "n_hidden")
        check_dropout(self.dropout)


class LstmMultiscale(nn.Module):
    """Parallel LSTMs that hear the same sound at 1, 1/2, 1/4 and 1/8 of the frame rate; then a dense layer.

    How long an LSTM remembers is counted in steps: what it holds fades with the product of its forget gates, one a
    step. A memory whose steps are 2 ** k frames long therefore forgets 2 ** k times as slowly with the same gates,
    and the way that a gradient has to go back over the same sound is as many times shorter. Of the ways to have
    several time scales, leaky units with fixed time constants (Mozer 1992) have no gates, and units that skip steps
    (Koutník et al. 2014) hear single frames and compute no less in torch; means over frames, as in El Hihi and Bengio
    (1995), keep all of the sound, and make the slow memories cheap: four together take less time than the two layers
    of `lstm`, with about as many weights.

    Frames at the end that do not fill a mean are averaged among themselves.

    Args:
        n_bins: Bins of the features: what it reads at a time.
        n_frames: Frames of the features.
        n_channels: Channels of the features, where they have them: read together with the bins.
        n_classes: Classes to tell apart.
        settings: See `LstmMultiscaleSettings`.

    Raises:
        SettingError: The features are shorter than one step of the slowest memory.

    >>> settings = LstmMultiscaleSettings()
    >>> LstmMultiscale(n_bins=13, n_frames=130, n_classes=10, settings=settings)(torch.zeros(2, 13, 130)).shape
    torch.Size([2, 10])

    Source: El Hihi and Bengio (1995), "Hierarchical recurrent neural networks for long-term dependencies", NIPS 8;
    differs in that the memories do not hear each other. Mozer (1992), "Induction of multiscale temporal structure",
    NIPS 4; Koutník et al. (2014), "A clockwork RNN", ICML.
    """

    def __init__(
        self, *, n_bins: int, n_frames: int, n_channels: int = 1, n_classes: int, settings: LstmMultiscaleSettings
    ) -> None:
        super().__init__()
        check_size(
            "lstm-multiscale",
            size=(n_bins, n_frames),
            least=(1, 2 ** (settings.n_memories - 1)),
            advice="take longer segments, a smaller hop_samples or a smaller n_memories",
        )
        n_in = n_channels * n_bins
        self.memories = nn.ModuleList(_Memory(n_in, settings.n_units, 2**k) for k in range(settings.n_memories))
        n_states = settings.n_memories * settings.n_units
        self.head = dense_head(n_states, settings.n_hidden, n_classes, settings.dropout)

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (batch, n_classes) for features (batch, [n_channels,] n_bins, n_frames)."""
        sequence = features.flatten(1, -2)  # (batch, n_channels * n_bins, n_frames)
        last = torch.cat([memory(sequence) for memory in self.memories], dim=1)  # (batch, n_memories * n_units)
        logits: Tensor = self.head(last)  # (batch, n_classes)
        return logits


class _Memory(nn.Module):
    """An LSTM that hears means over so many frames: (batch, n_in, n_frames) -> its last state (batch, n_units)."""

    def __init__(self, n_in: int, n_units: int, step_frames: int) -> None:
        super().__init__()
        self.step_frames = step_frames
        self.lstm = nn.LSTM(n_in, n_units)
        keep_at_first(self.lstm)

    def forward(self, sequence: Tensor) -> Tensor:
        heard = functional.avg_pool1d(sequence, self.step_frames, ceil_mode=True)  # (batch, n_in, n_steps)
        return run_lstm(self.lstm, frames_first(heard))[-1]
