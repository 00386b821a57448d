"""Names for what ships, so that the command line and a configuration can refer to it."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from earmark.errors import SettingError

Item = TypeVar("Item")


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the hint that an error message ends with: the nearest known names, or all of them.

    Args:
        name: What was received.
        names: What is known.

    Returns:
        A sentence such as ``did you mean 'mfcc'? (known: log-mel, mfcc)``.

    >>> nearest("mfc", ["log-mel", "mfcc"])
    "did you mean 'mfcc'? (known: log-mel, mfcc)"
    """
    known = sorted(names)
    listed = f"known: {', '.join(known)}" if known else "none is known"
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}? ({listed})" if close else listed


class Catalogue(Mapping[str, Item], Generic[Item]):
    """A fixed mapping from names to what ships under them, which answers an unknown name with the nearest ones.

    >>> Catalogue("network", {"mlp": 1, "cnn": 2})["cnn"]
    2
    """

    def __init__(self, kind: str, items: Mapping[str, Item]) -> None:
        self.kind = kind
        self._items = dict(items)

    def __getitem__(self, name: str) -> Item:
        """Return the item called `name`.

        Raises:
            SettingError: Nothing is called so; the message offers the nearest names.
        """
        if name not in self._items:
            raise SettingError(f"there is no {self.kind} called {name!r}: {nearest(name, self._items)}")
        return self._items[name]

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)
