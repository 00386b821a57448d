"""The features of a data set: each sound decoded once, and not at all when the store has it."""

import dataclasses
import json
import os
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from earmark._util.files import bytes_key, content_key, text_key
from earmark._util.progress import NoProgress, Progress
from earmark._util.seeds import spawn_generator
from earmark.audio.pcm import decode_plain_wav
from earmark.audio.read import read_sound
from earmark.audio.resample import resample
from earmark.audio.segments import Segments
from earmark.audio.stored import open_stored
from earmark.augment.chain import Chain, Step, describe_steps
from earmark.data.clip import Clip
from earmark.errors import AudioError, DataError, SettingError
from earmark.features.apply import segment_features
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.store import FeatureStore
from earmark.features.stored import Shape, StoredArrays

# To be raised with every change that gives other numbers from the same sound and settings.
FEATURES_VERSION = 1

_AHEAD = 8  # files a worker that are given out before the first is asked for
_N_NAMED = 10  # bad files that a message names; the others are counted
_MOST_WORKERS = 8  # where nothing is said: beyond it, Python's one lock and the disk are what is waited for
_MOST_AT_ONCE = 32 << 20  # bytes of a file read in one piece (12 min at 22.05 kHz); a longer one goes block by block

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


@dataclass(frozen=True, kw_only=True)
class Version:
    """What to compute from each clip after it was changed: of the training part, for more to learn from.

    Its random numbers follow from all of these and the content of the clip: another clip more or less changes nothing
    for the others, and what is in the store is found again.

    Attributes:
        recipe: What to compute.
        steps: Augmentations that take waveforms, in order.
        seed: The root seed.
        number: Which of several versions.
    """

    recipe: Recipe
    steps: tuple[Step, ...]
    seed: int
    number: int


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
        arrays: For each clip that was kept, its features (n_segments, n_bins, n_frames), read-only. From a store with
            a folder they are read when asked for, each time anew (`StoredArrays`); else they are in memory.
        shapes: The shape of each of them, known without reading.
        kept: For each of them, the index of the clip in the data set, ascending.
        contents: For each of them, what names the content of its file: two files share it only if they are equal.
        bad: The clips that were left out.
        silent: The names of kept clips of which every sample is zero.
    """

    arrays: Sequence[FloatArray]
    shapes: tuple[Shape, ...]
    kept: tuple[int, ...]
    contents: tuple[str, ...]
    bad: tuple[BadFile, ...]
    silent: tuple[str, ...]


def extract_features(
    clips: Sequence[Clip],
    recipes: Sequence[Recipe | Version],
    *,
    store: FeatureStore,
    n_workers: int | None = None,
    progress: Progress | None = None,
    strict: bool = False,
) -> tuple[FeatureSet, ...]:
    """Compute the features of every clip, or take them from the store.

    A clip is decoded at most once, for all recipes together, and not at all when the store has its features. The
    store knows a sound by its content: a renamed file is found again, an edited one is computed anew. A clip that
    cannot be used is left out of all sets and named in `bad`; it is never replaced by anything. What is in the store
    when the work is cut off is not computed again.

    Args:
        clips: The clips of a data set.
        recipes: What to compute from each, as it is or changed.
        store: Where features are kept.
        n_workers: Number of threads; each works on one file. None for one a processor, at most eight.
        progress: Is told of each clip that is done.
        strict: Whether to refuse the data set when a clip cannot be used.

    Returns:
        One set a recipe, all of the same clips.

    Raises:
        AudioError: A recording that a step mixes in cannot be used.
        DataError: No clip can be used, or `strict` is set and some cannot; the message names them.
        SettingError: A front end is unknown or takes no sound, its settings are of another one, or a step takes no
            waveforms.
    """
    n_workers = _usable_processors() if n_workers is None else n_workers
    if n_workers < 1:
        raise SettingError(f"n_workers must be at least 1, not {n_workers}")
    extractor = _Extractor(tuple(_Course.of(recipe) for recipe in recipes), store)
    try:
        results = _extract_all(clips, extractor, n_workers, progress or NoProgress())
    finally:
        store.flush()
    bad = tuple(result for result in results if isinstance(result, BadFile))
    if bad and (strict or len(bad) == len(clips)):
        raise DataError(describe_bad_files(bad, len(clips)))
    kept = {index: result for index, result in enumerate(results) if isinstance(result, _Extracted)}
    silent = tuple(clips[index].name for index, result in kept.items() if result.is_silent)
    contents = tuple(result.content for result in kept.values())
    sets = []
    for number in range(len(recipes)):
        entries = [result.entries[number] for result in kept.values()]
        shapes = tuple(entry.shape for entry in entries)
        held = tuple(entry.array for entry in entries if entry.array is not None)
        arrays = held if store.folder is None else StoredArrays(store, [entry.key for entry in entries], shapes)
        sets.append(FeatureSet(arrays, shapes, tuple(kept), contents, bad, silent))
    return tuple(sets)


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
    """A recipe, its front end built, its part of the key, and how a clip is changed before."""

    front_end: nn.Module
    sample_rate: int
    segments: Segments | None
    wording: dict[str, object]
    chain: Chain | None = None
    seed: int = 0

    @classmethod
    def of(cls, wanted: Recipe | Version) -> "_Course":
        if isinstance(wanted, Version):
            return cls._of_version(wanted)
        recipe = wanted
        kind = FRONT_ENDS[recipe.front_end]
        if kind.takes != "waveform":
            raise SettingError(
                f"front end {recipe.front_end!r} takes {kind.takes} and no sound: name another, such as mfcc"
            )
        if not isinstance(recipe.settings, kind.settings):
            received, needed = type(recipe.settings).__name__, kind.settings.__name__
            raise SettingError(f"front end {recipe.front_end!r} takes {needed}, not {received}")
        wording: dict[str, object] = {
            "front_end": recipe.front_end,
            "settings": dataclasses.asdict(recipe.settings),
            "segments": dataclasses.asdict(recipe.segments) if recipe.segments else None,
        }
        return cls(kind.build(recipe.settings).eval(), recipe.settings.sample_rate, recipe.segments, wording)

    @classmethod
    def _of_version(cls, version: Version) -> "_Course":
        plain = cls.of(version.recipe)
        chain = Chain(version.steps).at_rate(plain.sample_rate)
        if chain.takes != ("waveform",):
            raise SettingError(
                f"versions of sounds need steps that take waveforms, not {describe_steps(chain.steps)!r}"
            )
        said: dict[str, object] = {
            "steps": describe_steps(version.steps),
            "seed": version.seed,
            "number": version.number,
        }
        if recordings := _recordings(version.steps):
            said["recordings"] = recordings
        return dataclasses.replace(plain, wording=plain.wording | said, chain=chain, seed=version.seed)

    def change(self, waveform: FloatArray, key: str) -> FloatArray:
        """Return the waveform as this course wants it."""
        if self.chain is None:
            return waveform
        changed: FloatArray = self.chain.apply(waveform[np.newaxis], spawn_generator(self.seed, "version", key))[0]
        return changed


@dataclass(frozen=True)
class _Entry:
    """The features of a clip after one recipe, or where they are."""

    key: str
    shape: Shape
    array: FloatArray | None = None  # where no store keeps it


@dataclass(frozen=True)
class _Extracted:
    content: str
    entries: tuple[_Entry, ...]  # one a recipe
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
            if Path(error.path) != clip.path:  # a sound to be mixed in, which no other clip can do without either
                raise
            return BadFile(clip.name, error.reason)
        except SettingError as error:  # a stretch that cannot be, in one row of a table
            return BadFile(clip.name, str(error))

    def _extract(self, clip: Clip) -> _Extracted:
        content, data = self._look_at(clip)
        keys = [_key(clip, content, course.wording) for course in self.courses]
        silence_key = _key(clip, content, {"silent": True})
        # Read and not only looked for: a damaged one is found here, where it can be made again.
        entries = {key: _Entry(key, array.shape) for key in keys if (array := self.store.get(key)) is not None}
        missing = {key: course for key, course in zip(keys, self.courses, strict=True) if key not in entries}
        if missing:
            made, is_silent = _make(clip, data, missing)
            if is_silent:  # before the features: where they are, this is known
                self.store.put(silence_key, np.ones(1, dtype=np.uint8))
            entries |= {key: self._keep(key, array) for key, array in made.items()}
        else:
            is_silent = self.store.get(silence_key) is not None
        return _Extracted(content, tuple(entries[key] for key in keys), is_silent)

    def _keep(self, key: str, array: FloatArray) -> _Entry:
        array.flags.writeable = False
        self.store.put(key, array)
        return _Entry(key, array.shape, array if self.store.folder is None else None)

    def _look_at(self, clip: Clip) -> tuple[str, bytes | None]:
        """Return what names the content of the file of a clip, and its bytes if they were read for it in one piece."""
        # Threads may both read the file of two stretches: the same key twice, so no lock is needed.
        path = clip.path
        known = self.content_keys.get(path)
        if known is not None:
            return known, None
        try:
            with open_stored(path) as file:
                data = file.read_at(0, file.n_bytes) if file.n_bytes <= _MOST_AT_ONCE else None
            key = self.content_keys[path] = content_key(path) if data is None else bytes_key(data)
        except OSError as error:
            raise AudioError(path, f"it cannot be read: {(error.strerror or str(error)).lower()}") from error
        return key, data


def _recordings(steps: Sequence[Step]) -> list[str]:
    """Return what names the content of each recording that steps mix in: a path alone would not tell a new one."""
    keys = []
    for _, settings in steps:
        for sound in getattr(settings, "sounds", ()):
            try:
                keys.append(content_key(sound))
            except OSError as error:
                reason = f"it cannot be read: {(error.strerror or str(error)).lower()}"
                raise AudioError(sound, reason) from error
    return keys


def _key(clip: Clip, content: str, wording: dict[str, object]) -> str:
    """Return the key of what `wording` makes of a clip."""
    source = {
        "version": FEATURES_VERSION,
        "content": content,
        "start_s": float(clip.start_s),
        "end_s": None if clip.end_s is None else float(clip.end_s),
    }
    return text_key(json.dumps(source | wording, sort_keys=True))


def _make(clip: Clip, data: bytes | None, courses: Mapping[str, _Course]) -> tuple[dict[str, FloatArray], bool]:
    """Return the features of a clip by the keys of `courses`, and whether it is silent."""
    is_whole = clip.start_s == 0 and clip.end_s is None
    plain = decode_plain_wav(data) if data is not None and is_whole else None
    waveform, sample_rate = plain or read_sound(clip.path, start_s=clip.start_s, duration_s=clip.duration_s)
    at_rate = {
        rate: resample(waveform, from_rate=sample_rate, to_rate=rate)
        for rate in {course.sample_rate for course in courses.values()}
    }
    made = {
        key: _compute(clip, course, course.change(at_rate[course.sample_rate], key)) for key, course in courses.items()
    }
    return made, not waveform.any()


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
        waiting: deque[Future[_Extracted | BadFile]] = deque()
        try:
            for clip in clips:
                waiting.append(workers.submit(extractor.extract, clip))
                if len(waiting) > _AHEAD * n_workers:  # all at once, they would take more memory than what they find
                    results.append(waiting.popleft().result())
                    progress.advance()
            while waiting:
                results.append(waiting.popleft().result())
                progress.advance()
        finally:  # with Ctrl-C, the files in work are finished and no other begun
            workers.shutdown(cancel_futures=True)
            torch.set_num_threads(n_threads)
    return results


def _usable_processors() -> int:
    # Those that this process may use, which can be fewer than there are; not every system can tell.
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MOST_WORKERS)
