"""What a reader of scores should know of them, in plain sentences: what is undefined, and why."""

import numpy as np

from earmark.evaluate.measures import Items, Measure
from earmark.evaluate.tested import Tested

_FEW_GROUPS = 10
_MOST_NAMED = 5


def why_undefined(measure: Measure, items: Items) -> str:
    """Return why a measure has no value.

    Args:
        measure: The measure.
        items: What was measured.
    """
    if measure.needs_probabilities and items.probabilities is None:
        return "a vote gives no probabilities"
    if measure.name.startswith("top_"):
        return f"with {items.n_classes} classes it says too little"
    return "all answers are for one class: there is nothing to tell it from"


def why_undefined_class(name: str, label: str, *, n_true: int) -> str:
    """Return why a measure of a class has no value.

    Args:
        name: The measure.
        label: The class.
        n_true: How many clips are of it.
    """
    if name == "precision":
        return f"nothing was taken for {label}"
    if n_true:
        return "everything is of this class: there is nothing to tell it from"
    return f"no clip is of {label}"


def remarks(tested: Tested) -> tuple[str, ...]:
    """Return what a reader of the scores should know.

    Args:
        tested: What was scored.

    >>> from earmark.evaluate.tested import make_tested
    >>> one = make_tested(labels=["dog"], y=[0], groups=["a"], clip_probabilities=[[1.0]])
    >>> remarks(one)[-1]
    'all clips are of one group: how far the scores are to be trusted cannot be known'
    """
    found = []
    present = np.unique(tested.y)
    absent = [label for index, label in enumerate(tested.labels) if index not in present]
    if len(present) == 1:
        found.append(
            f"all clips are of one class, {tested.labels[present[0]]}: ROC AUC is undefined, and the other scores say "
            "nothing of other classes"
        )
    if absent:
        some = ", ".join(absent[:_MOST_NAMED])
        more = f" and {len(absent) - _MOST_NAMED} more" if len(absent) > _MOST_NAMED else ""
        found.append(
            f"no clip is of {some}{more}: means over classes run over the other {len(present)} "
            "(macro F1 counts one that was answered wrongly)"
        )
    n_groups = len(tested.group_names)
    if n_groups == 1:
        found.append("all clips are of one group: how far the scores are to be trusted cannot be known")
    elif n_groups < _FEW_GROUPS:
        found.append(f"there are only {n_groups} groups: the intervals are wide, since other groups may fare otherwise")
    return tuple(found)
