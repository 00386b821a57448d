"""Libraries that an extra brings, imported where they are needed."""

import importlib
from types import ModuleType

from earmark.errors import MissingExtraError


def import_extra(module: str, extra: str) -> ModuleType:
    """Import `module`, which the extra called `extra` brings.

    Args:
        module: The dotted name of the module.
        extra: The extra of earmark that installs it.

    Raises:
        MissingExtraError: It is not installed; the message says what to type.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"{module} is not installed: it comes with the extra {extra!r}: pip install 'earmark[{extra}]'"
        ) from error
