"""Groups out of the tags in sound files: the artist that ID3 or a Vorbis comment names."""

import unicodedata
from dataclasses import replace
from pathlib import Path

from earmark._util.optional import import_extra
from earmark.data.dataset import Dataset, count, listed
from earmark.errors import AudioError, DataError

PLAIN_TAGS = ("album", "artist", "comment", "copyright", "date", "genre", "license", "title", "tracknumber")


def read_tag(path: Path, tag: str) -> str:
    """Return what a tag of a sound file says; nothing where it has no such tag.

    The tags of `PLAIN_TAGS` are read in WAV, FLAC, Ogg, MP3 and AIFF by libsndfile. Others, such as ``performer`` or
    ``albumartist``, need mutagen.

    Args:
        path: The file.
        tag: The name of the tag, in lower case as in Vorbis comments.

    Raises:
        AudioError: The file cannot be opened.
        MissingExtraError: The tag needs mutagen, which the extra ``tags`` brings.
    """
    return _plain_tag(path, tag) if tag in PLAIN_TAGS else _other_tag(path, tag)


def regroup_by_tag(dataset: Dataset, tag: str) -> Dataset:
    """Return the data set with what a tag says as groups, such as ``artist``.

    Spaces around, capitals, and how an accent is composed make no difference: ``Björk`` and ``BJÖRK`` are one.

    Args:
        dataset: Clips whose files can be opened.
        tag: The name of the tag.

    Raises:
        DataError: Some files have no such tag, or cannot be opened.
        MissingExtraError: The tag needs mutagen, which the extra ``tags`` brings.
    """
    said: dict[Path, str] = {}
    faults: list[str] = []
    for path, name in {clip.path: clip.name for clip in dataset}.items():
        try:
            said[path] = read_tag(path, tag)
        except AudioError as error:
            faults.append(f"{name} ({error.reason})")
        else:
            faults += [] if said[path] else [name]
    if faults:
        raise DataError(
            f"the tag {tag!r} cannot name the groups: {count(len(faults), 'file')} of {dataset.n} cannot be read or "
            f"have none: {listed(faults)}; tag them, leave them out, or group by --group-column or --group-pattern"
        )
    first: dict[str, str] = {}
    groups = {path: first.setdefault(_folded(text), text) for path, text in said.items()}
    return replace(dataset, clips=[replace(clip, group=groups[clip.path]) for clip in dataset])


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _plain_tag(path: Path, tag: str) -> str:
    import soundfile  # noqa: PLC0415 - reading tags is rare

    try:
        with soundfile.SoundFile(path) as sound:
            return _tidy(sound.copy_metadata().get(tag, ""))
    except (OSError, RuntimeError) as error:  # soundfile's own errors are RuntimeErrors
        raise AudioError(path, f"its tags cannot be read: {error}") from error


def _other_tag(path: Path, tag: str) -> str:
    mutagen = import_extra("mutagen", "tags")
    try:
        tags = mutagen.File(path, easy=True)
        return _tidy(str(next(iter((tags or {}).get(tag, ())), "")))
    except mutagen.MutagenError as error:
        raise AudioError(path, f"its tags cannot be read: {error}") from error
    except (KeyError, ValueError):  # mutagen's for a name that the format has no tag for
        return ""
