"""One labelled recording, and where it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Clip:
    """One labelled recording: a file (or a stretch of one), its label, and where it came from.

    Attributes:
        name: The path as written in tables: from the data set's folder, with forward slashes. A stretch of a file
            shares its name with the file's other stretches.
        path: Where the file is.
        label: The class, as the data set names it.
        group: Clips that share a source share this; it is never split across train and test.
        fold: The published fold, if the data set has folds.
        start_s: Where the stretch begins, in seconds.
        end_s: Where the stretch ends, in seconds; None for the end of the file.
        extra: The other columns of the table, as text.
    """

    name: str
    path: Path
    label: str
    group: str
    fold: int | None = None
    start_s: float = 0.0
    end_s: float | None = None
    extra: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def address(self) -> str:
        """What tells it from every other clip: its name, and where it is a stretch of a file, which one.

        Follows the W3C's media fragments (2012): ``a.wav#t=1.5,3`` is from 1.5 s to 3 s.

        >>> Clip(name="a.wav", path=Path(), label="rain", group="a", start_s=1.5, end_s=3.0).address
        'a.wav#t=1.5,3'
        """
        if not self.start_s and self.end_s is None:
            return self.name
        end = "" if self.end_s is None else f",{self.end_s:.10g}"
        return f"{self.name}#t={self.start_s:.10g}{end}"

    @property
    def duration_s(self) -> float | None:
        """The length asked for, in seconds; None for "up to the end of the file"."""
        return None if self.end_s is None else self.end_s - self.start_s
