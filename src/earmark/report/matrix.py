"""The order of classes in a confusion matrix: by name, by how well each is found, by what is taken for what."""

from collections.abc import Sequence

import numpy as np

_FEWEST = 3  # classes of which one order is more alike than another


def class_orders(labels: Sequence[str], confusion: Sequence[Sequence[int]]) -> dict[str, list[int]]:
    """Return the orders in which a confusion matrix can be read.

    Args:
        labels: The classes.
        confusion: Counts: a row for each true class, in it a column for each predicted one.

    Returns:
        Where the classes of each order are among `labels`: ``label``, ``recall`` (the worst first, and last what was
        not tested), ``size`` (the most clips first) and ``similarity`` (what is often confused stands together).

    >>> class_orders(["a", "b", "c"], [[1, 0, 3], [0, 4, 0], [2, 0, 2]])["similarity"]
    [1, 2, 0]
    """
    counts = np.asarray(confusion, dtype=np.float64).reshape(len(labels), len(labels))
    sizes = counts.sum(axis=1)
    recall = np.divide(counts.diagonal(), sizes, out=np.full(len(labels), 2.0), where=sizes > 0)
    return {
        "label": sorted(range(len(labels)), key=lambda place: labels[place]),
        "recall": np.argsort(recall, kind="stable").tolist(),
        "size": np.argsort(-sizes, kind="stable").tolist(),
        "similarity": _by_similarity(counts),
    }


def _by_similarity(counts: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[int]:
    """Order classes so that those confused with one another are neighbours.

    Average linkage on one less the mean share that two classes take of one another, its leaves in the optimal order of
    Bar-Joseph et al., "Fast optimal leaf ordering for hierarchical clustering", Bioinformatics 17, 2001.
    """
    n_classes = len(counts)
    if n_classes < _FEWEST:
        return list(range(n_classes))
    from scipy.cluster.hierarchy import leaves_list, linkage  # noqa: PLC0415 - imports are lazy
    from scipy.spatial.distance import squareform  # noqa: PLC0415 - as above

    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    distance = 1 - (shares + shares.T) / 2
    np.fill_diagonal(distance, 0)
    order: list[int] = leaves_list(linkage(squareform(distance), "average", optimal_ordering=True)).tolist()
    return order
