"""How long work tells of itself: the library calls, the command line draws."""

from typing import Protocol


class Progress(Protocol):
    """What is told while work goes on. The library never draws: it calls this, and returns values."""

    def start(self, title: str, n_steps: int) -> None:
        """Begin a stretch of `n_steps` steps called `title`; a stretch before it is over."""

    def advance(self, note: str = "") -> None:
        """Tell that one more step is done; `note` says how it stands (such as the loss)."""


class NoProgress:
    """Takes what is told and shows nothing."""

    def start(self, title: str, n_steps: int) -> None:
        """Do nothing."""

    def advance(self, note: str = "") -> None:
        """Do nothing."""
