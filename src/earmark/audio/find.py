"""The sound files that a person means by naming files and folders."""

from collections.abc import Iterable
from pathlib import Path

from earmark.audio.read import AUDIO_SUFFIXES
from earmark.errors import AudioError


def find_sounds(paths: Iterable[Path]) -> list[Path]:
    """Return the files in the order asked; a folder stands for the sounds below it, sorted by name.

    A file that is named is returned whatever it is: reading it says what is wrong with it. In folders, what is not
    a sound by its name is left out, and so is what is hidden.

    Raises:
        AudioError: A folder holds no sounds.
    """
    found = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        below = sorted(file for file in path.rglob("*") if _is_sound(file, path))
        if not below:
            raise AudioError(path, "the folder holds no sounds")
        found.extend(below)
    return found


def _is_sound(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith((".", "__")) for part in file.relative_to(folder).parts)
    return not hidden and file.suffix.lower() in AUDIO_SUFFIXES and file.is_file()
