"""An augmented copy of a data set: new sounds on disk, and a table that ties each of them to its source."""

import csv
import io
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from earmark._util.catalogue import Catalogue
from earmark._util.files import write_folder_whole, write_json, write_text
from earmark._util.progress import NoProgress, Progress
from earmark._util.seeds import spawn_generator
from earmark.audio import FloatArray
from earmark.audio.read import read_info, read_sound
from earmark.audio.write import write_sound
from earmark.audit.decisions import table_text
from earmark.augment.catalogue import AUGMENTATIONS
from earmark.augment.chain import Chain, Step, describe_steps
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count
from earmark.data.open import open_dataset
from earmark.data.sources.table import read_rows
from earmark.errors import AudioError, DataError, SettingError, StorageError
from earmark.features.interchange.class_folders import COLUMNS, TABLE, list_clips, places_of

DEFAULT_STEPS = ("speed", "time-shift", "gain", "noise")
"""What is done to a sound where nothing is said: none of it needs an extra."""

FORMATS: Catalogue[tuple[str, ...]] = Catalogue(
    "format of sound", {"wav": ("WAV", "WAVEX"), "flac": ("FLAC",), "ogg": ("OGG",)}
)
"""The formats in which copies are written, and what libsndfile calls a file that is in each already."""

NOTE = (
    "copies are for training only: test on rows of clips.csv whose column source is empty; a copy has the group (and "
    "the fold) of its source, so that no split by group or fold separates them"
)
"""What whoever uses the copies must know."""

_SOUNDS = "sounds"  # one folder beside the table: class folders beside it would be opened without their groups
_MADE = "augment.json"
_TIES = ("source", "steps")
_NOT_CARRIED = frozenset({*COLUMNS, *_TIES, "start_s", "end_s"})
_OF_THE_DESKTOP = frozenset({".DS_Store", "Thumbs.db"})
_LARGEST_SAMPLE = 1e6
_MOST_RATE = 200_000  # Hz; beyond it libsndfile 1.2 writes no Ogg Vorbis, and not every FLAC


@dataclass(frozen=True, kw_only=True)
class Augmented:
    """What was written.

    Attributes:
        path: The folder.
        n_originals: How many sounds of the data set are in it.
        n_copies: How many augmented copies are in it.
        labels: Their classes.
        steps: What was done to the copies, as it would be typed.
        seed: The root of all random numbers.
        bad: Name and reason of each clip that could not be used, and was left out.
        notes: What a person should know.
    """

    path: Path
    n_originals: int
    n_copies: int
    labels: tuple[str, ...]
    steps: str
    seed: int
    bad: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        return {
            "path": str(self.path),
            "table": str(self.path / TABLE),
            "originals": self.n_originals,
            "copies": self.n_copies,
            "labels": list(self.labels),
            "steps": self.steps,
            "seed": self.seed,
            "left_out": [{"path": name, "reason": reason} for name, reason in self.bad],
            "notes": list(self.notes),
        }


def augment_dataset(
    data: Dataset | Path | str,
    out: Path,
    *,
    steps: Sequence[Step],
    n_copies: int = 1,
    seed: int = 0,
    include_original: bool = True,
    format_name: str = "wav",
    group_column: str | None = None,
    group_pattern: str | None = None,
    overwrite: bool = False,
    strict: bool = False,
    progress: Progress | None = None,
) -> Augmented:
    """Write augmented copies of every sound of a data set, and a table that ties each of them to its source.

    The folder holds ``sounds/LABEL/NAME-augN.wav`` and ``clips.csv`` with the columns path, label, group, fold, source
    and steps, and those that the data set has beyond. A copy has the group and the fold of its source. The column
    ``source`` names the clip that a copy was made of, and is empty for the sounds of the data set themselves: those
    alone are to be tested on.

    A copy has one channel, 16 bits (Ogg apart), and the sample rate and the length of its source; one that would be
    clipped is made softer as a whole. Its random numbers depend on the seed and on what the clip is called: the same
    call gives the same samples, and another clip more or less changes nothing for the others. One clip at a time is in
    memory, and the folder is there whole or not at all.

    Args:
        data: The sounds, or where they are.
        out: The folder; new or empty, unless `overwrite`.
        steps: What is done to each copy, in order: augmentations that take waveforms, as `parse_steps` returns them.
        n_copies: Copies of each sound, at least 1.
        seed: The root of all random numbers, not negative.
        include_original: Whether the sounds themselves are put there too; a file of the same format as it is.
        format_name: "wav", "flac" or "ogg".
        group_column: The column of a table that says what a group is.
        group_pattern: A regular expression on a clip's path that says what a group is.
        overwrite: Whether a folder that was written by this function, and holds nothing else, is replaced.
        strict: Whether one bad sound stops everything.
        progress: Is told of each sound.

    Raises:
        SettingError: A step takes no waveforms, or a number, the format or the grouping cannot be.
        DataError: The data set cannot be used, no sound of it can, or `strict` is set and one cannot.
        StorageError: Something is at `out` already, or it cannot be written.
    """
    _refuse_settings(steps, n_copies=n_copies, seed=seed)
    FORMATS[format_name]  # an unknown one is answered with the nearest
    target = out.expanduser().resolve()
    dataset = _open(data, target).regroup(column=group_column, pattern=group_pattern)
    _claim(target, dataset, overwrite=overwrite)
    places = _places(dataset, range(0 if include_original else 1, n_copies + 1), format_name)
    table = _Table(dataset, places, describe_steps(steps))
    with write_folder_whole(target) as part:
        work = _Work(part, Chain(steps), seed, format_name)
        _write_all(work, dataset, places, strict=strict, progress=progress or NoProgress())
        write_text(part / TABLE, table.text(left_out=work.bad))
        write_json(part / _MADE, {"seed": seed, "n_copies": n_copies, "steps": [_as_table(*step) for step in steps]})
    kept = dataset.subset([index for index in range(dataset.n) if index not in work.bad])
    return Augmented(
        path=out,
        n_originals=kept.n if include_original else 0,
        n_copies=kept.n * n_copies,
        labels=kept.labels,
        steps=describe_steps(steps),
        seed=seed,
        bad=tuple((dataset[index].name, reason) for index, reason in work.bad.items()),
        notes=(*dataset.notes, *work.notes(), NOTE),
    )


def _refuse_settings(steps: Sequence[Step], *, n_copies: int, seed: int) -> None:
    if not steps:
        raise SettingError("there are no steps, so a copy would be no other: name one, such as noise")
    if n_copies < 1:
        raise SettingError(f"at least 1 copy of each sound is made, not {n_copies}")
    if seed < 0:
        raise SettingError(f"seed must be at least 0, not {seed}")
    of_sound = [name for name, kind in AUGMENTATIONS.items() if kind.takes == "waveform"]
    for name, _ in steps:
        if AUGMENTATIONS[name].takes != "waveform":
            raise SettingError(
                f"{name!r} changes {AUGMENTATIONS[name].takes} and no sound: choose from {', '.join(of_sound)}"
            )


def _open(data: Dataset | Path | str, target: Path) -> Dataset:
    if isinstance(data, Dataset):
        return data
    place = Path(data).expanduser().resolve()
    if place.is_dir() and target.is_relative_to(place):
        raise StorageError(f"{target} lies in the data set, and would be read as part of it: name a folder outside")
    return open_dataset(data)


def _claim(target: Path, dataset: Dataset, *, overwrite: bool) -> None:
    """Make sure that the folder may be written: it is new, empty, or holds nothing but what was written here."""
    if not target.exists():
        return
    if not target.is_dir():
        raise StorageError(f"{target} is a file: augmented sounds need a folder, name another")
    held = {file.relative_to(target).as_posix() for file in target.rglob("*") if file.is_symlink() or not file.is_dir()}
    held = {name for name in held if PurePosixPath(name).name not in _OF_THE_DESKTOP}
    foreign = sorted(held - _written_below(target))
    if foreign:
        raise StorageError(f"{target} holds something that was not written here ({foreign[0]}): name another folder")
    if held and not overwrite:
        raise StorageError(f"{target} exists: name another folder, or give --overwrite")
    source = next((clip.name for clip in dataset if clip.path.resolve().is_relative_to(target)), None)
    if source is not None:
        raise StorageError(f"{target} holds the sounds themselves ({source}): name another folder")


def _written_below(target: Path) -> set[str]:
    """Return the files that were written below a folder, as its table names them; none without such a table."""
    try:
        header, rows = read_rows(target / TABLE)
    except DataError:
        return set()
    if tuple(header[: len(COLUMNS + _TIES)]) != COLUMNS + _TIES or not (target / _MADE).is_file():
        return set()
    return {TABLE, _MADE, *(cells.get("path", "") for _, cells in rows)}


def _places(dataset: Dataset, numbers: range, suffix: str) -> list[dict[int, str]]:
    """Return for each clip where its copies go below the folder, by their numbers; number 0 is the sound itself."""
    stems = [PurePosixPath(place).stem for place in places_of(dataset)]
    wanted = [
        (index, number, f"{stem}-aug{number}.{suffix}" if number else f"{stem}.{suffix}")
        for number in numbers
        for index, stem in enumerate(stems)
    ]
    # Asked once more, as what is called a-aug1 may be a sound of the data set.
    named = [Clip(name=name, path=Path(), label=dataset[index].label, group="") for index, _, name in wanted]
    found: list[dict[int, str]] = [{} for _ in stems]
    for (index, number, _), place in zip(wanted, places_of(Dataset(named, Path())), strict=True):
        found[index][number] = f"{_SOUNDS}/{PurePosixPath(place).with_suffix(f'.{suffix}')}"
    return found


@dataclass
class _Work:
    """The sounds of a folder while they are written, and what there is to say of them."""

    part: Path
    chain: Chain
    seed: int
    format_name: str

    def __post_init__(self) -> None:
        self.bad: dict[int, str] = {}
        self.n_softer = 0

    def write(self, clip: Clip, places: Mapping[int, str]) -> None:
        """Write a clip and its copies.

        Raises:
            AudioError: The clip cannot be used; then nothing of it is written.
        """
        waveform, sample_rate = self._read(clip)
        chain = self.chain.at_rate(sample_rate)
        for number, place in places.items():
            path = self.part / place
            path.parent.mkdir(parents=True, exist_ok=True)
            if number == 0:
                self._write_original(clip, path, waveform, sample_rate)
            else:
                generator = spawn_generator(self.seed, "augment", _called(clip), number)
                self._write_sound(path, chain.apply(waveform[None], generator)[0], sample_rate)

    def notes(self) -> list[str]:
        """Return sentences on what a person would not expect."""
        if not self.n_softer:
            return []
        verb = "was" if self.n_softer == 1 else "were"
        return [f"{count(self.n_softer, 'sound')} {verb} made softer as a whole, so that nothing is clipped"]

    def _read(self, clip: Clip) -> tuple[FloatArray, int]:
        try:
            waveform, sample_rate = read_sound(clip.path, start_s=clip.start_s, duration_s=clip.duration_s)
        except SettingError as error:  # a stretch that cannot be, in one row of a table
            raise AudioError(clip.path, str(error)) from error
        if np.abs(waveform).max() > _LARGEST_SAMPLE:
            raise AudioError(clip.path, "its samples are too large: scale them to [-1, 1]")
        if sample_rate > _MOST_RATE and self.format_name != "wav":
            raise AudioError(clip.path, f"{sample_rate} Hz cannot be written as {self.format_name}: write wav")
        return waveform, sample_rate

    def _write_original(self, clip: Clip, path: Path, waveform: FloatArray, sample_rate: int) -> None:
        is_whole = clip.start_s == 0 and clip.end_s is None
        if is_whole and read_info(clip.path).container in FORMATS[self.format_name]:
            shutil.copyfile(clip.path, path)
        else:
            self._write_sound(path, waveform, sample_rate)

    def _write_sound(self, path: Path, waveform: FloatArray, sample_rate: int) -> None:
        peak = np.abs(waveform).max()
        if peak > 1:
            waveform = waveform / peak
            self.n_softer += 1
        write_sound(path, waveform, sample_rate)


def _write_all(
    work: _Work, dataset: Dataset, places: Sequence[Mapping[int, str]], *, strict: bool, progress: Progress
) -> None:
    progress.start("sounds", dataset.n)
    for index, (clip, own) in enumerate(zip(dataset, places, strict=True)):
        try:
            work.write(clip, own)
        except AudioError as error:
            if Path(error.path) != clip.path:  # a background that cannot be read
                raise
            if strict:
                raise DataError(f"{clip.name} cannot be used: {error.reason}") from error
            work.bad[index] = error.reason
        progress.advance(clip.name)
    if len(work.bad) == dataset.n:
        first, reason = dataset[0].name, work.bad[0]
        raise DataError(f"none of the {count(dataset.n, 'sound')} can be used, such as {first} ({reason})")


class _Table:
    """The table of the folder; a label, group or fold that it cannot hold is refused before anything is written."""

    def __init__(self, dataset: Dataset, places: Sequence[Mapping[int, str]], steps: str) -> None:
        self._dataset, self._steps = dataset, steps
        self._rows = sorted((number, index, place) for index, own in enumerate(places) for number, place in own.items())
        clips = dataset.subset([index for _, index, _ in self._rows])
        listed = csv.DictReader(io.StringIO(list_clips(clips, [place for _, _, place in self._rows]), newline=""))
        self._cells = list(listed)
        self._beyond = list(dict.fromkeys(name for clip in dataset for name in clip.extra if name not in _NOT_CARRIED))

    def text(self, left_out: Mapping[int, str]) -> str:
        """Return the table without the clips that were left out."""
        rows = []
        for (number, index, _), cells in zip(self._rows, self._cells, strict=True):
            if index not in left_out:
                clip = self._dataset[index]
                beyond = {name: clip.extra.get(name, "") for name in self._beyond}
                rows.append(cells | self._ties(clip, number) | beyond)
        return table_text([*COLUMNS, *_TIES, *self._beyond], rows)

    def _ties(self, clip: Clip, number: int) -> dict[str, str]:
        if number:
            return {"source": _called(clip), "steps": self._steps}
        if set(_TIES) <= set(clip.extra):  # a copy of an earlier call is no original of this one
            return {name: clip.extra[name] for name in _TIES}
        return dict.fromkeys(_TIES, "")


def _called(clip: Clip) -> str:
    """Return the name of a clip, with the stretch where it is one of a file."""
    if clip.start_s == 0 and clip.end_s is None:
        return clip.name
    return f"{clip.name} from {clip.start_s} s to {'its end' if clip.end_s is None else f'{clip.end_s} s'}"


def _as_table(name: str, settings: Any) -> dict[str, Any]:  # noqa: ANN401 - one of many dataclasses
    return {"name": name, **asdict(settings)}
