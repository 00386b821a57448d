"""Where the lessons are, which there are, and which of them a name means."""

from pathlib import Path

from earmark._util.catalogue import nearest
from earmark.errors import SettingError, StorageError
from earmark.lessons.lesson import Lesson, read_lesson

_INSTALLED = Path(__file__).with_name("scripts")  # pyproject.toml puts them there when a wheel is built
_CHECKOUT = Path(__file__).parents[3] / "examples"
_SCRIPTS = "[0-9][0-9]_*.py"


def all_lessons(folder: Path | None = None) -> list[Lesson]:
    """Return the lessons in their order.

    Args:
        folder: Where their scripts are; None for those that ship.

    Raises:
        StorageError: There are none.
        DataError: One of them is no lesson.
    """
    folders = [_INSTALLED, _CHECKOUT] if folder is None else [folder]
    for each in folders:
        if scripts := sorted(each.glob(_SCRIPTS)):
            return [read_lesson(script) for script in scripts]
    raise StorageError(f"there are no lessons in {folders[0]}: install earmark again, or call it from a checkout")


def find_lesson(wanted: str, lessons: list[Lesson]) -> Lesson:
    """Return the lesson that is meant by a number, a name or a file's name.

    Args:
        wanted: Such as ``7``, ``pooling`` or ``07_pooling.py``.
        lessons: Those that there are.

    Raises:
        SettingError: There is none; the message offers the nearest names.
    """
    if wanted.isdecimal():
        by_number = {lesson.number: lesson for lesson in lessons}
        if int(wanted) not in by_number:
            first, last = min(by_number), max(by_number)
            raise SettingError(f"there is no lesson {wanted}: they go from {first} to {last}; earmark learn lists them")
        return by_number[int(wanted)]
    name = wanted.lower().removesuffix(".py").removesuffix(".ipynb").replace("_", "-").replace(" ", "-")
    for lesson in lessons:
        if name in (lesson.name, f"{lesson.number:02d}-{lesson.name}"):
            return lesson
    raise SettingError(f"there is no lesson called {wanted!r}: {nearest(name, [lesson.name for lesson in lessons])}")
