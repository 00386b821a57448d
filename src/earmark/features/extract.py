"""The features of a data set: each sound decoded once, and not at all when the store has it."""

import dataclasses
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from earmark._util.files import content_key, text_key
from earmark._util.progress import NoProgress, Progress
from earmark.audio.read import read_sound
from earmark.audio.resample import resample
from earmark.audio.segments import Segments
from earmark.data.clip import Clip
from earmark.errors import AudioError, DataError, SettingError
from earmark.features.apply import segment_features
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.store import FeatureStore

# To be raised with every change that gives other numbers from the same sound and settings.
FEATURES_VERSION = 1

_N_NAMED = 10  # bad files that a message names; the others are counted

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to compute from each clip.

    Attributes:
        front_end: The name of a front end in the catalogue.
        settings: Its settings.
        segments: How a clip is cut; None to take it whole, as one segment.
    """

    front_end: str
    settings: Any
    segments: Segments | None = None


@dataclass(frozen=True)
class BadFile:
    """A clip that could not be used, and why.

    Attributes:
        name: The clip's name.
        reason: Why it cannot be used.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class FeatureSet:
    """The features of the clips of a data set.

    Attributes:
        arrays: For each clip that was kept, its features (n_segments, n_bins, n_frames), read-only.
        kept: For each of them, the index of the clip in the data set, ascending.
        bad: The clips that were left out.
        silent: The names of kept clips of which every sample is zero.
    """

    arrays: tuple[FloatArray, ...]
    kept: tuple[int, ...]
    bad: tuple[BadFile, ...]
    silent: tuple[str, ...]


def extract_features(
    clips: Sequence[Clip],
    recipes: Sequence[Recipe],
    *,
    store: FeatureStore,
    n_workers: int = 2,
    progress: Progress | None = None,
    strict: bool = False,
) -> tuple[FeatureSet, ...]:
    """Compute the features of every clip, or take them from the store.

    A clip is decoded at most once, for all recipes together, and not at all when the store has its features. The
    store knows a sound by its content: a renamed file is found again, an edited one is computed anew. A clip that
    cannot be used is left out of all sets and named in `bad`; it is never replaced by anything.

    Args:
        clips: The clips of a data set.
        recipes: What to compute from each.
        store: Where features are kept.
        n_workers: Number of threads; each works on one file.
        progress: Is told of each clip that is done.
        strict: Whether to refuse the data set when a clip cannot be used.

    Returns:
        One set a recipe, all of the same clips.

    Raises:
        DataError: No clip can be used, or `strict` is set and some cannot; the message names them.
        SettingError: A front end is unknown, or its settings are of another one.
    """
    if n_workers < 1:
        raise SettingError(f"n_workers must be at least 1, not {n_workers}")
    extractor = _Extractor(tuple(_Course.of(recipe) for recipe in recipes), store)
    results = _extract_all(clips, extractor, n_workers, progress or NoProgress())
    bad = tuple(result for result in results if isinstance(result, BadFile))
    if bad and (strict or len(bad) == len(clips)):
        raise DataError(describe_bad_files(bad, len(clips)))
    kept = [(index, result) for index, result in enumerate(results) if isinstance(result, _Extracted)]
    return tuple(
        FeatureSet(
            arrays=tuple(result.arrays[number] for _, result in kept),
            kept=tuple(index for index, _ in kept),
            bad=bad,
            silent=tuple(clips[index].name for index, result in kept if result.is_silent),
        )
        for number in range(len(recipes))
    )


def describe_bad_files(bad: Sequence[BadFile], n_clips: int) -> str:
    """Return one line that names the clips that could not be used, the first ten at most.

    Args:
        bad: The clips, at least one.
        n_clips: How many clips there were.

    >>> describe_bad_files([BadFile("jazz/54.wav", "it is not a sound")], 1000)
    '1 of 1000 files could not be read: jazz/54.wav (it is not a sound)'
    """
    named = ", ".join(f"{file.name} ({file.reason})" for file in bad[:_N_NAMED])
    rest = f" and {len(bad) - _N_NAMED} more" if len(bad) > _N_NAMED else ""
    return f"{len(bad)} of {n_clips} files could not be read: {named}{rest}"


@dataclass(frozen=True)
class _Course:
    """A recipe, its front end built, and its part of the key."""

    front_end: nn.Module
    sample_rate: int
    segments: Segments | None
    wording: dict[str, object]

    @classmethod
    def of(cls, recipe: Recipe) -> "_Course":
        kind = FRONT_ENDS[recipe.front_end]
        if not isinstance(recipe.settings, kind.settings):
            received, wanted = type(recipe.settings).__name__, kind.settings.__name__
            raise SettingError(f"front end {recipe.front_end!r} takes {wanted}, not {received}")
        wording: dict[str, object] = {
            "front_end": recipe.front_end,
            "settings": dataclasses.asdict(recipe.settings),
            "segments": dataclasses.asdict(recipe.segments) if recipe.segments else None,
        }
        return cls(kind.build(recipe.settings).eval(), recipe.settings.sample_rate, recipe.segments, wording)


@dataclass(frozen=True)
class _Extracted:
    arrays: tuple[FloatArray, ...]  # one a recipe
    is_silent: bool


@dataclass(frozen=True)
class _Extractor:
    """Computes the features of one clip after another; threads share it."""

    courses: tuple[_Course, ...]
    store: FeatureStore
    content_keys: dict[Path, str] = field(default_factory=dict)

    def extract(self, clip: Clip) -> _Extracted | BadFile:
        try:
            return self._extract(clip)
        except AudioError as error:
            return BadFile(clip.name, error.reason)
        except SettingError as error:  # a stretch that cannot be, in one row of a table
            return BadFile(clip.name, str(error))

    def _extract(self, clip: Clip) -> _Extracted:
        keys = [self._key(clip, course.wording) for course in self.courses]
        silence_key = self._key(clip, {"silent": True})
        found = {key: array for key in keys if (array := self.store.get(key)) is not None}
        if len(found) == len(set(keys)):
            return _Extracted(tuple(found[key] for key in keys), self.store.get(silence_key) is not None)
        waveform, sample_rate = read_sound(clip.path, start_s=clip.start_s, duration_s=clip.duration_s)
        is_silent = not waveform.any()
        if is_silent:  # before the features: where they are, this is known
            self.store.put(silence_key, np.ones(1, dtype=np.uint8))
        missing = {key: course for key, course in zip(keys, self.courses, strict=True) if key not in found}
        at_rate = {
            rate: resample(waveform, from_rate=sample_rate, to_rate=rate)
            for rate in {course.sample_rate for course in missing.values()}
        }
        made = {key: _compute(clip, course, at_rate[course.sample_rate]) for key, course in missing.items()}
        found |= {key: self.store.put(key, array) for key, array in made.items()}
        return _Extracted(tuple(found[key] for key in keys), is_silent)

    def _key(self, clip: Clip, wording: dict[str, object]) -> str:
        """Return the key of what `wording` makes of the content of a clip."""
        content = {
            "version": FEATURES_VERSION,
            "content": self._content_key(clip.path),
            "start_s": float(clip.start_s),
            "end_s": None if clip.end_s is None else float(clip.end_s),
        }
        return text_key(json.dumps(content | wording, sort_keys=True))

    def _content_key(self, path: Path) -> str:
        # Threads may both hash the file of two stretches: the same key twice, so no lock is needed.
        if path not in self.content_keys:
            try:
                self.content_keys[path] = content_key(path)
            except OSError as error:
                raise AudioError(path, f"it cannot be opened: {(error.strerror or str(error)).lower()}") from error
        return self.content_keys[path]


def _compute(clip: Clip, course: _Course, waveform: FloatArray) -> FloatArray:
    features = segment_features(waveform, course.front_end, course.segments)
    if not np.isfinite(features).all():
        raise AudioError(clip.path, "its samples are too large for features: scale them to [-1, 1]")
    return features


def _extract_all(
    clips: Sequence[Clip], extractor: _Extractor, n_workers: int, progress: Progress
) -> list[_Extracted | BadFile]:
    """Return what became of each clip, in their order."""
    progress.start("features", len(clips))
    results = []
    n_threads = torch.get_num_threads()
    # One thread of torch's in each worker: the workers share the cores among them. OpenMP's number of threads
    # belongs to the calling thread, so the caller's own stays; torch's default for threads to come is put back below.
    with ThreadPoolExecutor(n_workers, initializer=torch.set_num_threads, initargs=(1,)) as workers:
        futures = [workers.submit(extractor.extract, clip) for clip in clips]
        try:
            for future in futures:
                results.append(future.result())
                progress.advance()
        finally:  # with Ctrl-C, the files in work are finished and no other begun
            workers.shutdown(cancel_futures=True)
            torch.set_num_threads(n_threads)
    return results
