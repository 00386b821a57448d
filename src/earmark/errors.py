"""The errors that earmark raises on purpose, all below one root.

Every message says what is wrong, what was received, and what to write instead. The command line prints the message
of an `EarmarkError` as one line and exits with status 2; anything else is a fault of earmark itself.
"""


class EarmarkError(Exception):
    """Root of all errors that earmark raises on purpose."""


class SettingError(EarmarkError, ValueError):
    """A setting, an argument or a name that cannot be: unknown, out of range, or contradicting another."""


class AudioError(EarmarkError):
    """A sound that cannot be used: unreadable, truncated, empty, or with samples that are not finite.

    Attributes:
        path: The file, as text.
        reason: Why it cannot be used, without the path.
    """

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = str(path)
        self.reason = reason

    def __reduce__(self) -> tuple[type["AudioError"], tuple[str, str]]:
        """Return what makes it again: pickling (as between processes) knows only the message otherwise."""
        return type(self), (self.path, self.reason)


class DataError(EarmarkError):
    """A data set that cannot be used: no sounds, no labels, one class only, a table without the columns it needs."""


class SplitError(EarmarkError):
    """A split that cannot be made, or that would put one group on two sides."""


class TrainingError(EarmarkError):
    """A training that cannot go on: a loss that is not finite, a checkpoint of other settings."""


class StorageError(EarmarkError):
    """A bundle or run folder that cannot be read or written: missing, of another version, taken, or a full disk."""


class MissingExtraError(EarmarkError, ImportError):
    """An optional library is needed and not installed; the message names the extra that brings it."""
