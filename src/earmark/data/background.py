"""Which labels mean "none of these": classes of noise and silence that others are to be told from."""

from collections.abc import Iterable

_MEANS_NONE = frozenset(
    {"background", "background noise", "none", "none of these", "noise", "other", "others", "silence", "unknown"}
)


def background_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Return which of some labels mean "none of these", by their names.

    They are ``noise``, ``background``, ``background noise``, ``other``, ``others``, ``unknown``, ``silence``, ``none``
    and ``none of these``, in any case, and with ``_`` or ``-`` for spaces or around them, as ``_background_noise_``.
    Where all labels are such there is nothing else to be none of, and none is meant.

    Args:
        labels: The names of the classes.

    >>> background_labels(["_background_noise_", "down", "Silence", "up"])
    ('_background_noise_', 'Silence')
    >>> background_labels(["noise", "silence"])
    ()
    """
    asked = list(labels)
    found = tuple(label for label in asked if _spoken(label) in _MEANS_NONE)
    return found if len(found) < len(asked) else ()


def _spoken(label: str) -> str:
    return " ".join(label.casefold().replace("_", " ").replace("-", " ").split())
