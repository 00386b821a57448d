"""What the settings of most networks have in common to be checked."""

from typing import Any

from earmark.errors import SettingError


def check_counts(settings: Any, *names: str) -> None:  # noqa: ANN401 - the settings of any network
    """Refuse settings that count something and are below one.

    Args:
        settings: The settings.
        names: Those that must be at least 1.

    Raises:
        SettingError: One is below 1; the message names it.
    """
    for name in names:
        if getattr(settings, name) < 1:
            raise SettingError(f"{name} must be at least 1, not {getattr(settings, name)}")


def check_dropout(dropout: float) -> None:
    """Refuse a share of units to leave out that is below nothing, or everything.

    Args:
        dropout: The share, 0 to below 1.

    Raises:
        SettingError: It is not in that range.
    """
    if not 0 <= dropout < 1:
        raise SettingError(f"dropout must be at least 0 and below 1, not {dropout}")
