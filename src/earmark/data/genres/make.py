"""The whole set on disk: ten genres in GTZAN's folders, with a table that says who plays."""

import csv
import io
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

from earmark._util.files import write_json, write_text
from earmark._util.progress import NoProgress, Progress
from earmark._util.seeds import spawn_generator
from earmark.audio.write import write_sound
from earmark.data.genres.instruments import SAMPLE_RATE
from earmark.data.genres.render import Track
from earmark.data.genres.styles import STYLES
from earmark.errors import SettingError, StorageError

VERSION = 1
"""Which edition of the genres this code makes: one more whenever the same seed would sound different."""

TABLE_NAME = "tracks.csv"
MARKER_NAME = "genres.json"

_COLUMNS = ("path", "label", "artist", "tempo_bpm", "key", "seed")


@dataclass(frozen=True, kw_only=True)
class _Order:
    """What is to be made; it is written into the folder before the first sound and compared by every later call."""

    version: int = VERSION
    seed: int
    n_artists: int
    n_tracks: int
    duration_s: float

    def check(self) -> None:
        counts = {"seed": (self.seed, 0), "n_artists": (self.n_artists, 1), "n_tracks": (self.n_tracks, 1)}
        for name, (value, least) in counts.items():
            if value < least:
                raise SettingError(f"{name} must be a whole number of at least {least}, not {value!r}")
        if not (math.isfinite(self.duration_s) and self.duration_s * SAMPLE_RATE >= 1):
            raise SettingError(f"duration_s must be a positive number of seconds, not {self.duration_s!r}")


def make_genres(
    folder: str | Path,
    *,
    seed: int = 0,
    n_artists: int = 5,
    n_tracks: int = 2,
    duration_s: float = 30.0,
    progress: Progress | None = None,
) -> Path:
    """Make ten synthetic music genres in GTZAN's shape: ``blues/blues.00000.wav`` ... and ``tracks.csv``.

    Every genre has artists of its own, whose sound (instruments, mix, room) is stronger than the genre: what a split by
    segment or by file rewards is knowing the artist. The file numbers tell nothing of the artist. The same arguments
    give the same bytes. A folder that holds the finished set is left as it is; one whose making was interrupted, or
    that lost a file, is completed.

    Args:
        folder: Where to make it: a folder that is empty, not there yet, or made by an earlier call.
        seed: The root seed, not negative.
        n_artists: Artists for each genre, at least 1.
        n_tracks: Tracks for each artist, at least 1.
        duration_s: Length of each track, in seconds.
        progress: Is told of every track that is made.

    Returns:
        The path of ``tracks.csv``, with the columns path, label, artist, tempo_bpm, key and seed.

    Raises:
        SettingError: A count, the length or the seed cannot be.
        StorageError: The folder holds other files or a set made with other arguments (nothing is overwritten), or it
            cannot be written.
    """
    folder = Path(folder)
    order = _Order(seed=seed, n_artists=n_artists, n_tracks=n_tracks, duration_s=float(duration_s))
    order.check()
    progress = progress or NoProgress()
    _claim(folder, order)
    tracks = _numbered_tracks(order)
    missing = {name: track for name, track in tracks.items() if not (folder / name).is_file()}
    table = folder / TABLE_NAME
    if missing or not table.is_file() or not _is_finished(folder):
        progress.start("making tracks", len(missing))
        for name, track in missing.items():
            write_sound(folder / name, track.render(order.duration_s), SAMPLE_RATE)
            progress.advance()
        write_text(table, _table(tracks))
        _write_marker(folder, order, finished=True)
    return table


def _claim(folder: Path, order: _Order) -> None:
    """Write the marker of an unfinished set into a folder that is free; refuse one that belongs to something else."""
    if folder.exists() and not folder.is_dir():
        raise StorageError(f"cannot make the genres in {folder}: it is a file; name a folder")
    if (folder / MARKER_NAME).is_file():
        held = {name: value for name, value in _read_marker(folder).items() if name != "finished"}
        wanted = asdict(order)
        if held != wanted:
            raise StorageError(
                f"{folder} holds genres made with {_listed(held)}, not with {_listed(wanted)}: "
                "name another folder or delete this one"
            )
    elif folder.exists() and (names := sorted(path.name for path in folder.iterdir() if path.name[0] != ".")):
        raise StorageError(
            f"{folder} holds files that were not made here, such as {names[0]!r}: name an empty or a new folder"
        )
    else:
        _write_marker(folder, order, finished=False)


def _read_marker(folder: Path) -> dict[str, object]:
    marker = folder / MARKER_NAME
    try:
        held = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(f"cannot read {marker}: {error}; name another folder or delete this one") from error
    if not isinstance(held, dict):
        raise StorageError(f"{marker} is not of a set of genres: name another folder")
    return held


def _write_marker(folder: Path, order: _Order, *, finished: bool) -> None:
    write_json(folder / MARKER_NAME, {**asdict(order), "finished": finished})


def _is_finished(folder: Path) -> bool:
    return _read_marker(folder).get("finished") is True


def _listed(settings: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _numbered_tracks(order: _Order) -> dict[str, Track]:
    """Return the tracks by their file's name, the numbers shuffled so that no stretch of them is one artist's."""
    tracks = {}
    for genre in STYLES:
        played = [(artist, number) for artist in range(order.n_artists) for number in range(order.n_tracks)]
        shuffled = spawn_generator(order.seed, "genres", genre, "numbers").permutation(len(played))
        for file_number, index in enumerate(shuffled):
            artist, number = played[index]
            tracks[f"{genre}/{genre}.{file_number:05d}.wav"] = Track(
                genre=genre, artist=artist, number=number, seed=order.seed
            )
    return tracks


def _table(tracks: dict[str, Track]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for name, track in tracks.items():
        artist = f"{track.genre}-artist{track.artist}"
        writer.writerow((name, track.genre, artist, track.tempo_bpm, track.key_name, track.seed))
    return text.getvalue()
