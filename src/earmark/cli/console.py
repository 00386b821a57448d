"""How the command line shows work, results and warnings."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column

INTERRUPTED = 130  # 128 + SIGINT, as shells have it
_MOST_NAMED = 5


class ProgressBar:
    """Draws on stderr what a library call tells of its progress: a bar, how many, time left, and the latest note.

    It is a context manager: leaving it leaves the last bar standing. Where stderr is no terminal nothing is drawn.

    Args:
        console: Where to draw; None for stderr.
    """

    def __init__(self, console: Console | None = None) -> None:
        console = console or Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}", table_column=Column(min_width=10, no_wrap=True)),
            BarColumn(bar_width=10),
            MofNCompleteColumn(table_column=Column(min_width=7, no_wrap=True)),
            TimeRemainingColumn(compact=True, table_column=Column(min_width=5, no_wrap=True)),
            TextColumn("left", table_column=Column(min_width=4, no_wrap=True)),
            TextColumn("[dim]{task.fields[note]}", table_column=Column(ratio=1, overflow="ellipsis", no_wrap=True)),
            console=console,
            disable=not console.is_terminal,
            expand=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def start(self, title: str, n_steps: int) -> None:
        """Begin a bar."""
        if self._task is not None:
            self._bar.stop_task(self._task)
        self._task = self._bar.add_task(title, total=n_steps, note="")

    def advance(self, note: str = "") -> None:
        """Move the bar by one step."""
        if self._task is not None:
            self._bar.update(self._task, advance=1, note=note)


def talk(message: str) -> None:
    """Tell a person something, on stderr."""
    sys.stderr.write(message + "\n")


def show(text: str) -> None:
    """Write a result to stdout."""
    sys.stdout.write(text + "\n")


def show_json(value: object) -> None:
    """Write a result to stdout as JSON."""
    show(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def name_bad_files(faults: Sequence[tuple[str, str]], n_files: int, *, table: Path | None = None) -> None:
    """Name the files that could not be used, on stderr.

    Args:
        faults: Name and reason of each.
        n_files: How many files there were in all.
        table: A table that names them: the first five are named then, and the others where there is none.
    """
    if not faults:
        return
    n_named = _MOST_NAMED if table else len(faults)
    named = "; ".join(f"{name} ({reason})" for name, reason in faults[:n_named])
    more = f"; and {len(faults) - n_named} more, see {table}" if len(faults) > n_named else ""
    talk(f"{len(faults)} of {n_files} files could not be read: {named}{more}")
