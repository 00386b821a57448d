"""PNG pictures in class folders, beside a table with the group and the fold of each."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import overload

import numpy as np
import numpy.typing as npt

from earmark._util.files import write_folder_whole, write_text
from earmark._util.progress import NoProgress, Progress
from earmark.audio.find import find_sounds
from earmark.audio.read import read_sound
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count, distinct_folds, listed, reading_order
from earmark.data.sources import folder, table
from earmark.errors import AudioError, DataError, SettingError, StorageError
from earmark.features.colour_map import Picture
from earmark.features.drawing import N_COLUMNS, N_ROWS, PICTURES, check_size
from earmark.features.extract import BadFile, describe_bad_files
from earmark.features.interchange.class_folders import COLUMNS, TABLE, list_clips, places_of
from earmark.features.interchange.png_file import picture_size, read_picture, write_picture
from earmark.features.interchange.table import FeatureTable
from earmark.features.interchange.writing import blocks

SUMMARY = "a folder of PNG pictures for each class, and clips.csv"

GROUPS_NOT_KNOWN = (
    "which recording a picture came from is not known, so that each is its own group: the score may be inflated if "
    "several pictures come from one recording (a table clips.csv with path,label,group would say it)"
)

_SUFFIXES = frozenset({".png"})
_OF_THE_DESKTOP = frozenset({".DS_Store", "Thumbs.db"})
_LARGEST_SAMPLE = 1e6  # beyond it, the power of a spectrogram may not be finite


def write(path: Path, table: FeatureTable, *, progress: Progress | None = None, overwrite: bool = False) -> None:
    """Write pictures as ``LABEL/NAME.png`` below the folder `path`, and ``clips.csv`` with path, label, group and fold.

    Names come from the clips: ``audio/1-100032-A-0.ogg`` of the class dog gives ``dog/1-100032-A-0.png``. What a file
    system does not take is replaced, names that would meet are numbered, and a stretch has its start in its name. The
    pictures keep their pixels; those of at most 256 colours are written with a palette.

    Args:
        path: The folder; new or empty, unless `overwrite`.
        table: The pictures, all of one size. They are asked for one at a time.
        progress: Is told of each picture.
        overwrite: Whether a folder that holds such pictures, and nothing else, is replaced.

    Raises:
        SettingError: The table holds features and no pictures, or pictures of several sizes.
        DataError: It holds no clips, a label or group that clips.csv cannot hold, or folds of some clips only.
        StorageError: The folder holds something else, or cannot be written.
    """
    if not table.is_pictures:
        raise SettingError("pictures are written here, and these are features: draw the sounds first")
    target = path.expanduser().resolve()
    _claim(target, overwrite=overwrite)
    places = places_of(table.dataset)
    dataset = table.dataset
    if not table.groups_known:  # each picture is named as its own group, so that who reads it knows as little
        own = [replace(clip, group=place) for clip, place in zip(dataset, places, strict=True)]
        dataset = replace(dataset, clips=own)
    listing = list_clips(dataset, places)
    with write_folder_whole(target) as part:
        for place, (_, _, block) in zip(places, blocks(table, progress), strict=True):
            (part / place).parent.mkdir(exist_ok=True)
            write_picture(part / place, block[0])
        write_text(part / TABLE, listing)


def recognises(path: Path) -> bool:
    """Return whether `path` holds class folders of PNG files and no sounds, or is or holds a table of PNG files."""
    try:
        if _table_of(path):
            return True
        return folder.recognises(path, _SUFFIXES) and not (folder.recognises(path) or _has_sounds(path))
    except OSError:  # what cannot be looked into is no folder of pictures; whoever opens it next says why
        return False


def read(path: Path) -> FeatureTable:
    """Return the pictures that lie at `path`; each is read when asked for, as RGBA whatever the file holds.

    Groups and folds come from the table, if there is one. Without, each picture is its own group, and the notes say so.

    Args:
        path: A folder of class folders, a folder with a table of pictures, or that table.

    Raises:
        DataError: There are no pictures, some cannot be used, or some have another size; the message names them.
    """
    try:
        found = _open(path)
    except OSError as error:
        raise DataError(f"{error.filename or path} cannot be read: {(error.strerror or str(error)).lower()}") from error
    if not found.n:
        raise DataError(f"{path} holds no PNG pictures")
    dataset = replace(found, clips=sorted(found.clips, key=reading_order))
    n_rows, n_columns = _check_pictures(dataset)
    arrays = StoredPictures(paths=tuple(clip.path for clip in dataset), n_rows=n_rows, n_columns=n_columns)
    known = GROUPS_NOT_KNOWN not in dataset.notes
    return FeatureTable(dataset=dataset, arrays=arrays, is_pictures=True, groups_known=known)


@dataclass(frozen=True, kw_only=True)
class StoredPictures(Sequence[Picture]):
    """Pictures in PNG files, each read when it is asked for.

    Attributes:
        paths: The files.
        n_rows: Height of each, in pixels.
        n_columns: Width of each, in pixels.
    """

    paths: tuple[Path, ...]
    n_rows: int
    n_columns: int

    @overload
    def __getitem__(self, index: int) -> Picture: ...
    @overload
    def __getitem__(self, index: slice) -> "StoredPictures": ...
    def __getitem__(self, index: int | slice) -> "Picture | StoredPictures":
        """Return the picture (n_rows, n_columns, 4) at an index, or the pictures of a slice.

        Raises:
            DataError: The file is damaged, or is not what it was when it was opened.
        """
        if isinstance(index, slice):
            return replace(self, paths=self.paths[index])
        path = self.paths[index]
        try:
            picture = read_picture(path)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
        if picture.shape != (self.n_rows, self.n_columns, 4):
            raise DataError(f"{path} has changed: it was {self.n_columns} x {self.n_rows} pixels; start again")
        return picture

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shape of each picture."""
        return ((self.n_rows, self.n_columns, 4),) * len(self)


@dataclass(frozen=True, kw_only=True)
class DrawnPictures(Sequence[Picture]):
    """Pictures of sounds, each read and drawn when it is asked for.

    Attributes:
        clips: The sounds.
        kind: The name of a kind of picture in the catalogue.
        n_rows: Height, in pixels.
        n_columns: Width, in pixels.
        sample_rate: What sounds are resampled to, in Hz, so that a row is the same pitch in all pictures; None to
            leave them.

    Raises:
        SettingError: The kind is unknown, or a size is below 1.
    """

    clips: tuple[Clip, ...]
    kind: str
    n_rows: int = N_ROWS
    n_columns: int = N_COLUMNS
    sample_rate: int | None = 22050

    def __post_init__(self) -> None:
        PICTURES[self.kind]
        check_size(self.n_rows, self.n_columns)

    @overload
    def __getitem__(self, index: int) -> Picture: ...
    @overload
    def __getitem__(self, index: slice) -> "DrawnPictures": ...
    def __getitem__(self, index: int | slice) -> "Picture | DrawnPictures":
        """Return the picture (n_rows, n_columns, 4) at an index, or the pictures of a slice.

        An `AudioError` of the sound passes through.
        """
        if isinstance(index, slice):
            return replace(self, clips=self.clips[index])
        waveform, sample_rate = _read_clip(self.clips[index], self.sample_rate)
        draw = PICTURES[self.kind].draw
        return draw(waveform, sample_rate, n_rows=self.n_rows, n_columns=self.n_columns)

    def __len__(self) -> int:
        return len(self.clips)

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shape of each picture."""
        return ((self.n_rows, self.n_columns, 4),) * len(self)


def draw_dataset(
    dataset: Dataset,
    kind: str,
    *,
    n_rows: int = N_ROWS,
    n_columns: int = N_COLUMNS,
    sample_rate: int | None = 22050,
    n_workers: int = 2,
    strict: bool = False,
    progress: Progress | None = None,
) -> tuple[FeatureTable, tuple[BadFile, ...]]:
    """Return pictures of the sounds of a data set, drawn when asked for, and the clips that were left out.

    Every sound is decoded once here to find those that cannot be: that takes a fraction of the time of drawing, and no
    memory stays taken.

    Args:
        dataset: The sounds.
        kind: The name of a kind of picture in the catalogue.
        n_rows: Height, in pixels.
        n_columns: Width, in pixels.
        sample_rate: What sounds are resampled to, in Hz; None to leave them.
        n_workers: Number of threads that decode.
        strict: Whether to refuse the data set when a sound cannot be used.
        progress: Is told of each sound that was looked at.

    Raises:
        SettingError: The kind is unknown, or a size or `n_workers` is below 1.
        DataError: No sound can be used, or `strict` is set and some cannot; the message names them.
    """
    if n_workers < 1:
        raise SettingError(f"n_workers must be at least 1, not {n_workers}")
    drawn = DrawnPictures(clips=tuple(dataset), kind=kind, n_rows=n_rows, n_columns=n_columns, sample_rate=sample_rate)
    progress = progress or NoProgress()
    progress.start("sounds", len(dataset))
    reasons = []
    with ThreadPoolExecutor(n_workers) as workers:
        try:
            for reason in workers.map(_reason_to_leave_out, dataset):
                reasons.append(reason)
                progress.advance()
        finally:  # with Ctrl-C, no other sound is begun
            workers.shutdown(cancel_futures=True)
    bad = tuple(BadFile(clip.name, reason) for clip, reason in zip(dataset, reasons, strict=True) if reason)
    if bad and (strict or len(bad) == len(dataset)):
        raise DataError(describe_bad_files(bad, len(dataset)))
    kept = dataset.subset([index for index, reason in enumerate(reasons) if not reason])
    return FeatureTable(dataset=kept, arrays=replace(drawn, clips=tuple(kept)), is_pictures=True), bad


def _read_clip(clip: Clip, sample_rate: int | None) -> tuple[npt.NDArray[np.float32], int]:
    waveform, own_rate = read_sound(
        clip.path, sample_rate=sample_rate, start_s=clip.start_s, duration_s=clip.duration_s
    )
    if np.abs(waveform).max() > _LARGEST_SAMPLE:
        raise AudioError(clip.path, "its samples are too large to be drawn: scale them to [-1, 1]")
    return waveform, own_rate


def _reason_to_leave_out(clip: Clip) -> str:
    try:
        _read_clip(clip, None)
    except AudioError as error:
        return error.reason
    except SettingError as error:  # a stretch that cannot be, in one row of a table
        return str(error)
    return ""


def _open(path: Path) -> Dataset:
    table_file = _table_of(path)
    if table_file is None:
        if (path / TABLE).is_file():  # one that cannot be read is no reason to do without its folds
            table.read_rows(path / TABLE)
        found = folder.load(path, _SUFFIXES)
        return replace(found, notes=(*found.notes, GROUPS_NOT_KNOWN))
    found = table.load(table_file)
    notes = list(found.notes)
    named = {clip.name for clip in found}
    held = [name for name in _files_below(path) if _is_png(name) and not _is_hidden(name)] if path.is_dir() else []
    unnamed = [name for name in held if name not in named]
    if unnamed:
        verb = "was" if len(unnamed) == 1 else "were"
        notes.append(f"{count(len(unnamed), 'picture')} not in {table_file.name} {verb} left out: {listed(unnamed)}")
    if not distinct_folds(found) and all(clip.group == clip.name for clip in found):
        notes.append(GROUPS_NOT_KNOWN)
    return replace(found, notes=tuple(notes))


def _table_of(path: Path) -> Path | None:
    """Return the table of PNG files that `path` is or holds; clips.csv before others."""
    tables = [file for file in (table.tables_in(path) if path.is_dir() else [path]) if _names_pictures(file)]
    return next((file for file in tables if file.name == TABLE), tables[0] if tables else None)


def _names_pictures(file: Path) -> bool:
    if not table.recognises(file):
        return False
    try:
        _, rows = table.read_rows(file)
    except DataError:
        return False
    return bool(rows) and all(_is_png(cells.get("path", "").strip()) for _, cells in rows)


def _is_png(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in _SUFFIXES


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__")) for part in PurePosixPath(name).parts)


def _files_below(path: Path) -> list[str]:
    return sorted(
        file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_symlink() or not file.is_dir()
    )


def _has_sounds(path: Path) -> bool:
    try:
        return bool(find_sounds([path]))
    except AudioError:
        return False


def _check_pictures(dataset: Dataset) -> tuple[int, int]:
    """Return the height and width that all pictures have; refuse those that cannot be used or have another one."""
    sizes: list[tuple[int, int]] = []
    bad = []
    for clip in dataset:
        try:
            sizes.append(picture_size(clip.path))
        except DataError as error:
            bad.append(BadFile(clip.name, str(error)))
    if bad:
        raise DataError(describe_bad_files(bad, dataset.n))
    usual, n_usual = Counter(sizes).most_common(1)[0]
    if n_usual < dataset.n:
        others = [f"{clip.name} {_pixels(size)}" for clip, size in zip(dataset, sizes, strict=True) if size != usual]
        raise DataError(
            f"pictures of one data set have one size: {dataset[sizes.index(usual)].name} has {_pixels(usual)} pixels, "
            f"and {listed(others)}; draw them alike"
        )
    return usual


def _pixels(size: tuple[int, int]) -> str:
    n_rows, n_columns = size
    return f"{n_columns} x {n_rows}"


def _claim(target: Path, *, overwrite: bool) -> None:
    """Make sure that pictures may be written at `target`: it is new, empty, or holds nothing but such pictures."""
    if not target.exists():
        return
    if not target.is_dir():
        raise StorageError(f"{target} is a file: pictures need a folder, name another")
    held = [name for name in _files_below(target) if PurePosixPath(name).name not in _OF_THE_DESKTOP]
    ours = _written_below(target)
    foreign = [name for name in held if name not in ours]
    if foreign:
        raise StorageError(f"{target} holds something that was not written here ({foreign[0]}): name another folder")
    if held and not overwrite:
        raise StorageError(f"{target} exists: name another folder, or give --overwrite")


def _written_below(target: Path) -> set[str]:
    """Return the files that `write` has written below a folder, as its table names them; none without such a table."""
    try:
        header, rows = table.read_rows(target / TABLE)
    except DataError:
        return set()
    named = {cells.get("path", "") for _, cells in rows}
    return {TABLE, *named} if tuple(header) == COLUMNS and all(map(_is_png, named)) else set()
