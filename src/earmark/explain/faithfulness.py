"""Whether an explanation is true to its classifier: what becomes of the probability as its parts go and come back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from earmark.errors import SettingError
from earmark.explain import FloatArray
from earmark.explain.cells import Cells

Curve = npt.NDArray[np.float64]
Probability = Callable[[Tensor], Tensor]

_N_STEPS = 20
_AT_ONCE = 1 << 20  # values of features that are computed at a time


@dataclass(frozen=True, kw_only=True)
class Faithfulness:
    """The probability of a class while parts of the features are deleted, or put into nothing, step by step.

    A curve has one value a step, from nothing deleted (or inserted) to everything. A good explanation has a small area
    under deletion, and a large one under insertion, compared with the mean of random orders of the same parts.

    Attributes:
        deletion: The most relevant parts are deleted first.
        insertion: The most relevant parts are inserted first.
        random_deletion: The mean over random orders.
        random_insertion: The mean over random orders.
        n_orders: How many random orders.
        n_parts: How many parts there are.
        replaced_by: What stands in for deleted parts, as `replacement_for` calls it.

    Source: Petsiuk, Das and Saenko (2018), "RISE: randomized input sampling for explanation of black-box models",
    BMVC, section 4.2; differs in deleting cells instead of single values.
    """

    deletion: Curve
    insertion: Curve
    random_deletion: Curve
    random_insertion: Curve
    n_orders: int
    n_parts: int
    replaced_by: str = ""

    @property
    def deletion_area(self) -> float:
        """The area under `deletion`, from 0 to 1: the smaller, the better."""
        return area(self.deletion)

    @property
    def insertion_area(self) -> float:
        """The area under `insertion`, from 0 to 1: the larger, the better."""
        return area(self.insertion)

    @property
    def random_deletion_area(self) -> float:
        """The area under `random_deletion`."""
        return area(self.random_deletion)

    @property
    def random_insertion_area(self) -> float:
        """The area under `random_insertion`."""
        return area(self.random_insertion)

    @property
    def beats_random(self) -> bool:
        """Whether deleting by relevance takes the probability away faster than deleting at random."""
        return self.deletion_area < self.random_deletion_area

    @property
    def insertion_beats_random(self) -> bool:
        """Whether inserting by relevance brings the probability back faster than inserting at random."""
        return self.insertion_area > self.random_insertion_area

    def sentence(self) -> str:
        """Return one plain sentence."""
        verdict = "more than random parts do" if self.beats_random else "no more than random parts do: do not trust it"
        return (
            f"the parts named matter {verdict} (mean probability while they are deleted {self.deletion_area:.2f}, "
            f"random ones {self.random_deletion_area:.2f}; inserted {self.insertion_area:.2f}, random ones "
            f"{self.random_insertion_area:.2f})"
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        names = ("deletion", "insertion", "random_deletion", "random_insertion")
        return {
            "beats_random": self.beats_random,
            "insertion_beats_random": self.insertion_beats_random,
            **{f"{name}_area": round(area(getattr(self, name)), 6) for name in names},
            "curves": {name: [round(value, 6) for value in getattr(self, name).tolist()] for name in names},
            "random_orders": self.n_orders,
            "parts": self.n_parts,
            "replaced_by": self.replaced_by,
        }


def area(curve: Curve) -> float:
    """Return the area under a curve of evenly spaced steps from 0 to 1: its mean height.

    >>> area(np.array([1.0, 0.5, 0.0]))
    0.5
    """
    return float(np.trapezoid(curve, dx=1.0 / (len(curve) - 1)))


def measure_faithfulness(
    probability: Probability,
    features: Tensor,
    replacement: Tensor,
    relevance: FloatArray,
    *,
    rng: np.random.Generator,
    n_orders: int = 8,
    n_steps: int = _N_STEPS,
    replaced_by: str = "",
) -> Faithfulness:
    """Delete and insert the parts of a clip's features, by their relevance and in random orders.

    The parts are the cells of all segments together.

    Args:
        probability: The class's probability (batch,) of features (batch, [n_channels,] n_bins, n_frames).
        features: Those of the clip's segments, (n_segments, [n_channels,] n_bins, n_frames).
        replacement: What stands where parts are deleted, of the same shape.
        relevance: How much each value matters, (n_segments, n_bins, n_frames).
        rng: Draws the random orders.
        n_orders: How many of them, at least 1.
        n_steps: How many steps a curve has, at least 1.
        replaced_by: What `replacement` is called.

    Raises:
        SettingError: There is no order or no step to measure.
    """
    for name, value in (("n_orders", n_orders), ("n_steps", n_steps)):
        if value < 1:
            raise SettingError(f"{name} must be at least 1, not {value}")
    cells = Cells(*relevance.shape[1:])
    n_parts = cells.n * len(relevance)
    # Parts of the same relevance, such as those of none, come in a random order: else where they lie would count.
    shuffled = rng.permutation(n_parts)
    by_relevance = shuffled[np.argsort(-cells.means(relevance).ravel()[shuffled], kind="stable")]
    orders = [by_relevance, *(rng.permutation(n_parts) for _ in range(n_orders))]
    curves = _Curves(probability, features, replacement, cells, min(n_steps, n_parts))
    deletions = [curves.along(order, insert=False) for order in orders]
    insertions = [curves.along(order, insert=True) for order in orders]
    return Faithfulness(
        deletion=deletions[0],
        insertion=insertions[0],
        random_deletion=np.mean(deletions[1:], axis=0),
        random_insertion=np.mean(insertions[1:], axis=0),
        n_orders=n_orders,
        n_parts=n_parts,
        replaced_by=replaced_by,
    )


@dataclass(frozen=True)
class _Curves:
    probability: Probability
    features: Tensor
    replacement: Tensor
    cells: Cells
    n_steps: int

    @torch.inference_mode()
    def along(self, order: npt.NDArray[np.int64], *, insert: bool) -> Curve:
        """Return the mean probability over the segments at each step, (n_steps + 1,)."""
        n_segments, n_parts = len(self.features), len(order)
        rank = np.empty(n_parts, dtype=np.int64)
        rank[order] = np.arange(n_parts)
        ranks = rank.reshape(n_segments, self.cells.n)[:, self.cells.numbers]  # (n_segments, n_bins, n_frames)
        places = torch.from_numpy(ranks).to(self.features.device)
        if self.features.ndim > places.ndim:
            places = places.unsqueeze(1)  # every channel alike
        kept, put = (self.replacement, self.features) if insert else (self.features, self.replacement)
        n_changed = np.linspace(0, n_parts, self.n_steps + 1).round().astype(int).tolist()
        mixtures = (torch.where(places < n, put, kept) for n in n_changed)
        at_once = max(1, _AT_ONCE // self.features.numel())
        found: list[Tensor] = []
        waiting: list[Tensor] = []
        for number, mixture in enumerate(mixtures):
            waiting.append(mixture)
            if len(waiting) == at_once or number == self.n_steps:
                found.append(self.probability(torch.cat(waiting)).reshape(len(waiting), n_segments).mean(dim=1).cpu())
                waiting = []
        return np.asarray(torch.cat(found).double().numpy(), dtype=np.float64)
