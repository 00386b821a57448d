"""The sound files that a person means by naming files and folders."""

from collections.abc import Collection, Iterable
from pathlib import Path

from earmark.audio.read import AUDIO_SUFFIXES
from earmark.errors import AudioError


def find_sounds(paths: Iterable[Path], *, suffixes: Collection[str] = AUDIO_SUFFIXES) -> list[Path]:
    """Return the files in the order asked; a folder stands for the sounds below it, sorted by name.

    A file that is named is returned whatever it is: reading it says what is wrong with it. In folders, what is not
    a sound by its name is left out, and so is what is hidden.

    Args:
        paths: Files and folders.
        suffixes: The suffixes of what is looked for in folders, in lower case.

    Raises:
        AudioError: A folder holds none.
    """
    found = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        below = sorted(file for file in path.rglob("*") if _is_wanted(file, path, suffixes))
        if not below:
            what = "sounds" if suffixes is AUDIO_SUFFIXES else f"files that end in {' or '.join(sorted(suffixes))}"
            raise AudioError(path, f"the folder holds no {what}")
        found.extend(below)
    return found


def _is_wanted(file: Path, folder: Path, suffixes: Collection[str]) -> bool:
    hidden = any(part.startswith((".", "__")) for part in file.relative_to(folder).parts)
    return not hidden and file.suffix.lower() in suffixes and file.is_file()
