"""Random numbers: one root seed, and an independent generator for every use of it."""

import zlib
from collections.abc import Sequence

import numpy as np


def spawn_generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """Return the generator that belongs to one purpose under a root seed.

    The same seed and purpose always give the same stream; different purposes give independent ones, so a new use of
    randomness changes none of the old ones. Nothing global is touched.

    Args:
        seed: The root seed, not negative.
        purpose: What the numbers are for, such as ``"split"`` or ``"epoch", 3``.

    >>> bool(spawn_generator(0, "split").random() == spawn_generator(0, "split").random())
    True
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=_spawn_key(purpose)))


def spawn_seed(seed: int, *purpose: str | int) -> int:
    """Return a whole number below 2**31 for libraries that take a seed in place of a generator.

    Args:
        seed: The root seed, not negative.
        purpose: What the numbers are for.
    """
    return int(spawn_generator(seed, *purpose).integers(2**31 - 1))


def _spawn_key(purpose: Sequence[str | int]) -> tuple[int, ...]:
    # crc32 and not hash(): Python salts hash() anew in each process.
    return tuple(word if isinstance(word, int) else zlib.crc32(word.encode()) for word in purpose)
