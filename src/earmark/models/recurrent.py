"""The recurrent networks: two layers that read the frames one after the other, of LSTM or of GRU cells."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from earmark.models.checks import check_counts, check_dropout

_N_LAYERS = 2
_N_GATES = 4  # of an LSTM cell, in torch's order: input, forget, cell, output


@dataclass(frozen=True, kw_only=True)
class RecurrentSettings:
    """Settings of a recurrent network.

    Attributes:
        n_units: Units of each of the two recurrent layers.
        n_hidden: Units of the dense layer before the classes.
        dropout: Share of the dense layer's units left out in a training step, 0 to below 1.

    Raises:
        SettingError: A setting cannot be.
    """

    n_units: int = 64
    n_hidden: int = 64
    dropout: float = 0.3

    def __post_init__(self) -> None:
        check_counts(self, "n_units", "n_hidden")
        check_dropout(self.dropout)


@dataclass(frozen=True, kw_only=True)
class LstmSettings(RecurrentSettings):
    """Settings of the LSTM: see `RecurrentSettings`. The type says which network they are of."""


@dataclass(frozen=True, kw_only=True)
class GruSettings(RecurrentSettings):
    """Settings of the GRU: see `RecurrentSettings`. The type says which network they are of."""


class Lstm(nn.Module):
    """Two layers of LSTM, the first from sequence to sequence, of the second the last state; then a dense layer.

    The forget gates begin with a bias of one, so that a fresh memory keeps what it holds.

    Args:
        n_bins: Bins of the features: what it reads at a time.
        n_frames: Frames of the features; any number will do.
        n_channels: Channels of the features, where they have them: read together with the bins.
        n_classes: Classes to tell apart.
        settings: See `RecurrentSettings`.

    >>> Lstm(n_bins=13, n_frames=130, n_classes=10, settings=LstmSettings())(torch.zeros(2, 13, 130)).shape
    torch.Size([2, 10])

    Source: Hochreiter and Schmidhuber (1997), "Long short-term memory", Neural Computation 9(8); for the bias Gers,
    Schmidhuber and Cummins (2000), "Learning to forget", Neural Computation 12(10).
    """

    def __init__(
        self,
        *,
        n_bins: int,
        n_frames: int,  # noqa: ARG002 - every network is told
        n_channels: int = 1,
        n_classes: int,
        settings: RecurrentSettings,
    ) -> None:
        super().__init__()
        self.layers = nn.LSTM(n_channels * n_bins, settings.n_units, num_layers=_N_LAYERS)
        keep_at_first(self.layers)
        self.head = dense_head(settings.n_units, settings.n_hidden, n_classes, settings.dropout)

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (batch, n_classes) for features (batch, [n_channels,] n_bins, n_frames)."""
        states = run_lstm(self.layers, frames_first(features))  # (n_frames, batch, n_units)
        logits: Tensor = self.head(states[-1])  # (batch, n_classes)
        return logits


class Gru(nn.Module):
    """Two layers of GRU, the first from sequence to sequence, of the second the last state; then a dense layer.

    Args:
        n_bins: Bins of the features: what it reads at a time.
        n_frames: Frames of the features; any number will do.
        n_channels: Channels of the features, where they have them: read together with the bins.
        n_classes: Classes to tell apart.
        settings: See `RecurrentSettings`.

    >>> Gru(n_bins=13, n_frames=130, n_classes=10, settings=GruSettings())(torch.zeros(2, 13, 130)).shape
    torch.Size([2, 10])

    Source: Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder for statistical machine
    translation", EMNLP; as in torch, the reset gate acts after the product with the state.
    """

    def __init__(
        self,
        *,
        n_bins: int,
        n_frames: int,  # noqa: ARG002 - every network is told
        n_channels: int = 1,
        n_classes: int,
        settings: RecurrentSettings,
    ) -> None:
        super().__init__()
        self.layers = nn.GRU(n_channels * n_bins, settings.n_units, num_layers=_N_LAYERS)
        self.head = dense_head(settings.n_units, settings.n_hidden, n_classes, settings.dropout)

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (batch, n_classes) for features (batch, [n_channels,] n_bins, n_frames)."""
        states = _run_gru(self.layers, frames_first(features))  # (n_frames, batch, n_units)
        logits: Tensor = self.head(states[-1])  # (batch, n_classes)
        return logits


def frames_first(features: Tensor) -> Tensor:
    """Return features (batch, [n_channels,] n_bins, n_frames) as a sequence (n_frames, batch, n_channels * n_bins).

    This is the order that recurrent layers work in: moved once here, and not in each layer.
    """
    return features.flatten(1, -2).permute(2, 0, 1).contiguous()


def run_lstm(layers: nn.LSTM, sequence: Tensor) -> Tensor:
    """Return what `layers` make of a sequence (n_steps, batch, n_in): the states (n_steps, batch, n_units) of the last.

    The same as ``layers(sequence)[0]``, by torch's function: of the list of weights that the module hands to it,
    `torch.export` warns.
    """
    nothing = _no_memory(layers, sequence)
    states, _, _ = torch.lstm(
        sequence,
        (nothing, nothing),
        list(layers.parameters()),
        True,
        layers.num_layers,
        0.0,
        layers.training,
        False,
        False,
    )
    return states


def _run_gru(layers: nn.GRU, sequence: Tensor) -> Tensor:
    states, _ = torch.gru(
        sequence,
        _no_memory(layers, sequence),
        list(layers.parameters()),
        True,
        layers.num_layers,
        0.0,
        layers.training,
        False,
        False,
    )
    return states


def _no_memory(layers: nn.LSTM | nn.GRU, sequence: Tensor) -> Tensor:
    return sequence.new_zeros(layers.num_layers, sequence.shape[1], layers.hidden_size)  # (n_layers, batch, n_units)


def dense_head(n_in: int, n_hidden: int, n_classes: int, dropout: float) -> nn.Sequential:
    """Return a dense layer with ReLU and dropout, and the classes: (batch, n_in) -> logits (batch, n_classes)."""
    return nn.Sequential(nn.Linear(n_in, n_hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(n_hidden, n_classes))


@torch.no_grad()
def keep_at_first(lstm: nn.LSTM) -> None:
    """Give the forget gates of all layers a bias of one, in place; torch has two biases, which add up."""
    for name, bias in lstm.named_parameters():
        if name.startswith("bias"):
            _, forget, _, _ = bias.chunk(_N_GATES)
            forget.fill_(1.0 if name.startswith("bias_ih") else 0.0)
