"""Growing the trees of a random forest, with scikit-learn."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from earmark.models.forest import Forest

_LEAF = -1  # where scikit-learn has no child


def fit_forest(network: Forest, features: Tensor, y: npt.NDArray[np.int64], *, seed: int = 0) -> None:
    """Grow the trees, and put them into the network.

    Args:
        network: What is fitted, in place.
        features: Standardised features (n, n_bins, n_frames).
        y: The class of each (n,); every class occurs.
        seed: Says which clips and which values each tree is grown on.
    """
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415 - scikit-learn takes over a second to import

    settings = network.settings
    forest = RandomForestClassifier(
        n_estimators=settings.n_trees,
        max_depth=settings.max_depth,
        min_samples_leaf=settings.min_leaf,
        random_state=seed,
    )
    forest.fit(features.flatten(1).numpy(), y)
    trees = [tree.tree_ for tree in forest.estimators_]
    roots = np.cumsum([0, *(tree.node_count for tree in trees)])[:-1]
    parts = [_nodes(tree, root) for tree, root in zip(trees, roots, strict=True)]
    nodes = {name: torch.from_numpy(np.concatenate([part[name] for part in parts])) for name in parts[0]}
    depth = torch.tensor(max(tree.max_depth for tree in trees), dtype=torch.int64)
    network.grow(nodes | {"roots": torch.from_numpy(roots), "depth": depth})


def _nodes(tree: Any, root: int) -> dict[str, npt.NDArray[Any]]:  # noqa: ANN401 - scikit-learn has no name for it
    """Return the nodes of one tree, counted from its root."""
    own = np.arange(tree.node_count)
    is_leaf = tree.children_left == _LEAF
    shares = tree.value[:, 0, :]
    return {
        "feature": np.where(is_leaf, 0, tree.feature).astype(np.int64),
        "threshold": np.where(is_leaf, 0.0, _rounded_down(tree.threshold)).astype(np.float32),
        "left": np.where(is_leaf, own, tree.children_left).astype(np.int64) + root,
        "right": np.where(is_leaf, own, tree.children_right).astype(np.int64) + root,
        "probabilities": (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32),
    }


def _rounded_down(thresholds: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return the largest float32 numbers that are not above thresholds: no float32 value changes sides."""
    near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near).astype(np.float32)
