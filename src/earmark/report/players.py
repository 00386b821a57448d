"""The sounds in a report: short excerpts that a page can hold, and where to take them from."""

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark.audio.read import read_info, read_sound
from earmark.audio.write import encode_sound
from earmark.data.clip import Clip
from earmark.data.open import open_dataset
from earmark.errors import AudioError, EarmarkError
from earmark.report.pictures import spectrogram_png
from earmark.report.results import SplitClip

SAMPLE_RATE = 22050
EXCERPT_S = 5.0
_WHOLE_UP_TO_S = 5.5  # a clip of "five seconds" is often some milliseconds longer


@dataclass(frozen=True, kw_only=True)
class Player:
    """An excerpt of a clip, ready for a page.

    Attributes:
        sound: A data address with an MP3.
        picture: A data address with its spectrogram as PNG.
        duration_s: How long the excerpt is, in seconds.
        start_s: Where in the clip it begins, in seconds.
        clip_s: How long the clip is, in seconds.
    """

    sound: str
    picture: str
    duration_s: float
    start_s: float
    clip_s: float

    @property
    def is_whole(self) -> bool:
        """Whether it is the clip from its beginning to its end."""
        return self.duration_s >= self.clip_s

    @property
    def caption(self) -> str:
        """Which stretch of the clip it is."""
        if self.is_whole:
            return f"the whole clip, {self.clip_s:.1f} s"
        return f"{self.start_s:.1f} to {self.start_s + self.duration_s:.1f} s of {self.clip_s:.1f} s"


@dataclass(frozen=True, kw_only=True)
class NoPlayer:
    """Why there is no excerpt.

    Attributes:
        reason: The reason, in plain words and without the place of the file.
    """

    reason: str


def find_clips(data: Mapping[str, Any], clips: Sequence[SplitClip]) -> list[Clip | None]:
    """Return where the clips of a run are now.

    Args:
        data: The table ``data`` of the run's configuration.
        clips: The clips of the run, in the order of the data set.

    Returns:
        The clip at each place; None for one that is no longer in the data set.
    """
    place = Path(str(data.get("path", "")))
    try:
        dataset = open_dataset(place, group_column=data.get("group_column"), group_pattern=data.get("group_pattern"))
    except EarmarkError:  # moved, or changed since: the sounds themselves may still lie where they did
        root = place if place.is_dir() else place.parent
        once = {name for name, n in Counter(clip.name for clip in clips).items() if n == 1}
        return [_clip_below(root, clip) if clip.name in once else None for clip in clips]
    by_name: dict[str, list[Clip]] = {}
    for found in dataset:
        by_name.setdefault(found.name, []).append(found)
    n_expected = Counter(clip.name for clip in clips)
    n_seen: Counter[str] = Counter()
    places: list[Clip | None] = []
    for clip in clips:
        # Stretches of one file share its name: they are told by their order, as long as none was left out.
        stretches = by_name.get(clip.name, [])
        fits = len(stretches) == n_expected[clip.name]
        places.append(stretches[n_seen[clip.name]] if fits else None)
        n_seen[clip.name] += 1
    return places


def make_player(clip: Clip | None) -> Player | NoPlayer:
    """Return the middle of a clip as a player, or why there is none.

    Args:
        clip: The clip; None for one that is no longer there.
    """
    if clip is None:
        return NoPlayer(reason="The clip is no longer in the data set.")
    try:
        return _excerpt(clip)
    except AudioError as error:
        return NoPlayer(reason=f"The sound cannot be read now: {error.reason}.")
    except EarmarkError as error:
        return NoPlayer(reason=f"The sound cannot be read now: {error}.")
    except (OSError, RuntimeError, ValueError):  # of the libraries that write MP3 and draw
        return NoPlayer(reason="The sound cannot be shown.")


def data_address(content: bytes, kind: str) -> str:
    """Return an address that holds a file.

    >>> data_address(b"abc", "audio/mpeg")
    'data:audio/mpeg;base64,YWJj'
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _clip_below(root: Path, clip: SplitClip) -> Clip:
    return Clip(
        name=clip.name,
        path=root / clip.name,
        label=clip.label,
        group=clip.group,
        start_s=clip.start_s,
        end_s=clip.end_s,
    )


def _excerpt(clip: Clip) -> Player:
    file_s = read_info(clip.path).duration_s
    end_s = file_s if clip.end_s is None else min(clip.end_s, file_s)
    clip_s = end_s - clip.start_s
    is_whole = clip_s <= _WHOLE_UP_TO_S
    start_s = 0.0 if is_whole else (clip_s - EXCERPT_S) / 2
    waveform, _ = read_sound(
        clip.path,
        sample_rate=SAMPLE_RATE,
        start_s=clip.start_s + start_s,
        # A whole clip is read up to where it ends: its length in samples need not be one in seconds.
        duration_s=(None if clip.end_s is None else clip_s) if is_whole else EXCERPT_S,
    )
    return Player(
        sound=data_address(encode_sound(waveform, SAMPLE_RATE, container="MP3"), "audio/mpeg"),
        picture=data_address(spectrogram_png(waveform, SAMPLE_RATE), "image/png"),
        duration_s=clip_s if is_whole else EXCERPT_S,
        start_s=start_s,
        clip_s=clip_s,
    )
