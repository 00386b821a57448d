"""The random forest on statistics of a clip: many trees of yes-or-no questions, each grown on clips drawn anew."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from earmark.errors import SettingError
from earmark.models.checks import check_counts
from earmark.models.solved import log_probabilities, take_shapes

_NODES = ("feature", "threshold", "left", "right", "probabilities", "roots", "depth")


@dataclass(frozen=True, kw_only=True)
class ForestSettings:
    """Settings of the random forest.

    Attributes:
        n_trees: How many trees are grown.
        max_depth: How many questions a tree asks in a row at most; None for as many as it takes.
        min_leaf: How many training clips there are at least behind each answer.

    Raises:
        SettingError: A setting cannot be.
    """

    n_trees: int = 300
    max_depth: int | None = None
    min_leaf: int = 1

    def __post_init__(self) -> None:
        check_counts(self, "n_trees", "min_leaf")
        if self.max_depth is not None and self.max_depth < 1:
            raise SettingError(f"max_depth must be at least 1, not {self.max_depth}")


class Forest(nn.Module):
    """A random forest, its nodes kept as tensors; `earmark.train.forest` grows it.

    The softmax of the scores is what scikit-learn's ``RandomForestClassifier.predict_proba`` gives; a class that no
    tree speaks for gets 1e-7 in place of nothing.

    All nodes of all trees lie in one row. A node sends a clip to `left` where the value of `feature` is at most
    `threshold`, else to `right`; a leaf sends it to itself, so that all trees are walked for the same number of steps.

    Args:
        n_bins: Bins of the features.
        n_frames: Frames of the features: 1 for statistics.
        n_channels: Channels of the features, where they have them: those of pictures.
        n_classes: Classes to tell apart.
        settings: See `ForestSettings`.

    Source: Breiman (2001), "Random forests", Machine Learning 45(1); as in scikit-learn the trees' probabilities are
    averaged, where the paper counts votes.
    """

    feature: Tensor
    threshold: Tensor
    left: Tensor
    right: Tensor
    probabilities: Tensor
    roots: Tensor
    depth: Tensor

    def __init__(
        self,
        *,
        n_bins: int,  # noqa: ARG002 - every network is told
        n_frames: int,  # noqa: ARG002 - as above
        n_channels: int = 1,  # noqa: ARG002 - as above
        n_classes: int,
        settings: ForestSettings,
    ) -> None:
        super().__init__()
        self.n_classes = n_classes
        self.settings = settings
        self.n_steps = 0
        # One leaf that knows nothing: it sends to itself.
        self.register_buffer("feature", torch.zeros(1, dtype=torch.int64))
        self.register_buffer("threshold", torch.zeros(1))
        self.register_buffer("left", torch.zeros(1, dtype=torch.int64))
        self.register_buffer("right", torch.zeros(1, dtype=torch.int64))
        self.register_buffer("probabilities", torch.full((1, n_classes), 1 / n_classes))
        self.register_buffer("roots", torch.zeros(1, dtype=torch.int64))
        self.register_buffer("depth", torch.zeros((), dtype=torch.int64))

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (batch, n_classes) for standardised features (batch, [n_channels,] n_bins, n_frames)."""
        values = features.flatten(1)  # (batch, n_values)
        node = self.roots.expand(features.shape[0], -1)  # (batch, n_trees)
        for _ in range(self.n_steps):
            at_most = values.gather(1, self.feature[node]) <= self.threshold[node]
            node = torch.where(at_most, self.left[node], self.right[node])
        return log_probabilities(self.probabilities[node].mean(1))

    def grow(self, nodes: dict[str, Tensor]) -> None:
        """Put grown trees in place of what is there.

        Args:
            nodes: The buffers by name: ``feature``, ``threshold``, ``left``, ``right``, ``probabilities`` (n_nodes,
                n_classes), ``roots`` (n_trees,) and ``depth``, the number of questions in the longest row of them.
        """
        for name in _NODES:
            setattr(self, name, nodes[name])
        self.n_steps = int(self.depth)

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *rest: object) -> None:
        take_shapes(self, state_dict, prefix, _NODES)
        super()._load_from_state_dict(state_dict, prefix, *rest)
        # Kept as a number: an exported graph wants to know its length. No row of questions is longer than the nodes.
        self.n_steps = min(int(self.depth), len(self.feature))
