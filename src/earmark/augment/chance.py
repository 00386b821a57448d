"""What chance decides: which items of a batch are changed, and how strongly."""

import math
from collections.abc import Callable

import numpy as np

from earmark.audio import FloatArray
from earmark.augment.checks import Takes, check_batch


def change_some(
    batch: FloatArray,
    generator: np.random.Generator,
    *,
    p: float,
    takes: Takes,
    change: Callable[[FloatArray], FloatArray],
) -> FloatArray:
    """Return a copy of a batch in which each item is changed with the same chance.

    Args:
        batch: The items, along the first axis.
        generator: Decides.
        p: The chance of each item, from 0 to 1.
        takes: What a batch must be.
        change: Called once with the items (n_chosen, ...) that are to be changed, unless there are none.

    Returns:
        A new array of the same shape.

    A `SettingError` of `check_batch` passes through.
    """
    check_batch(batch, takes)
    chosen = generator.random(len(batch)) < p
    changed = batch.copy()
    if chosen.any():
        changed[chosen] = change(batch[chosen])
    return changed


def change_each(
    batch: FloatArray,
    generator: np.random.Generator,
    *,
    p: float,
    takes: Takes,
    change: Callable[[FloatArray], FloatArray],
) -> FloatArray:
    """Do as `change_some`, where `change` takes one item after another."""

    def change_all(items: FloatArray) -> FloatArray:
        return np.stack([change(item) for item in items])

    return change_some(batch, generator, p=p, takes=takes, change=change_all)


def draw(generator: np.random.Generator, low: float, high: float, items: FloatArray) -> FloatArray:
    """Return a number between `low` and `high` for each item, each as likely.

    Args:
        generator: Draws them.
        low: The least.
        high: The largest; the same as `low` gives exactly that.
        items: What the numbers are to be multiplied with, shape (batch, ...).

    Returns:
        The numbers, (batch, 1, ...) with as many axes as `items`.

    >>> draw(np.random.default_rng(0), 2.0, 2.0, np.zeros((2, 5), np.float32))
    array([[2.],
           [2.]], dtype=float32)
    """
    return generator.uniform(low, high, (len(items), *[1] * (items.ndim - 1))).astype(np.float32)


def draw_rate(generator: np.random.Generator, low: float, high: float) -> float:
    """Return a factor between `low` and `high`, a half being as likely as a double.

    >>> draw_rate(np.random.default_rng(0), 1.0, 1.0)
    1.0
    """
    return math.exp(generator.uniform(math.log(low), math.log(high)))
