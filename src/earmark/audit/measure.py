"""One pass over the sounds: each clip is decoded once, and all that the audit asks of it is measured."""

import dataclasses
import json
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xxhash

from earmark._util.files import content_key, text_key
from earmark._util.progress import NoProgress, Progress
from earmark.audio import FloatArray
from earmark.audit.bandwidth import find_bandwidth
from earmark.audit.decode import Decoded, decode
from earmark.audit.findings import clip_address
from earmark.audit.fingerprint import Fingerprint, fingerprint
from earmark.audit.levels import dead_channels, find_clipping, find_silences, level_db
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.errors import AudioError, SettingError
from earmark.features.store import FeatureStore

# To be raised with every change that measures other numbers in the same sound, or makes another fingerprint of it.
MEASURE_VERSION = 2

_AHEAD = 8  # clips a worker that are given out before the first is asked for
_MOST_WORKERS = 8


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured of one clip that can be read.

    Attributes:
        index: The clip's place in the data set.
        name: What findings call it (`earmark.audit.findings.clip_address`).
        sample_rate: In Hz, as stored.
        n_channels: Number of channels, as stored.
        container: Such as ``WAV`` or ``OGG``.
        subtype: How samples are written, such as ``PCM_16`` or ``VORBIS``.
        duration_s: The clip's length in seconds (of the stretch, where it is one).
        peak: The largest magnitude of all channels' samples, 1 is full scale.
        rms_db: Level of the mono mix about its mean, in dB re full scale; not below -200.
        n_clipped_runs: Runs of samples of one channel that stay at the clip's own ceiling.
        clipped_share: Share of the samples that lie in such runs, 0 to 1.
        offset: Mean of the mono mix, 1 is full scale.
        silent_stretches: Start and end in seconds of each silent stretch of a second or more.
        leading_silence_s: Silence before the first sound, in seconds.
        bandwidth_hz: Frequency above which there is nothing but rounding noise, at most half the sample rate.
        is_cut: Whether it breaks off there, as after a low-pass filter.
        dead_channels: Channels (from 0) that are silent while another one is not.
        content_key: 32 hexadecimal digits of the decoded channels (16 bit) and their sample rate, not of the bytes.
        fingerprint: What near repeats are found by.
    """

    index: int
    name: str
    sample_rate: int
    n_channels: int
    container: str
    subtype: str
    duration_s: float
    peak: float
    rms_db: float
    n_clipped_runs: int
    clipped_share: float
    offset: float
    silent_stretches: tuple[tuple[float, float], ...]
    leading_silence_s: float
    bandwidth_hz: float
    is_cut: bool
    dead_channels: tuple[int, ...]
    content_key: str
    fingerprint: Fingerprint


@dataclass(frozen=True, kw_only=True)
class Unusable:
    """A clip that cannot be read.

    Attributes:
        index: The clip's place in the data set.
        name: What findings call it.
        kind: What is wrong with it.
        reason: Why, in words, without the path.
    """

    index: int
    name: str
    kind: Literal["unreadable", "truncated", "empty", "not-finite"]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What was measured of a data set, in its order.

    Attributes:
        sounds: The clips that can be read.
        unusable: The clips that cannot.
    """

    sounds: tuple[Measured, ...]
    unusable: tuple[Unusable, ...]


def measure_dataset(
    dataset: Dataset, *, store: FeatureStore, n_workers: int | None = None, progress: Progress | None = None
) -> Measures:
    """Decode every clip once, and measure what the audit asks of it.

    What was measured is kept in the store by the content of the file, so that an audit that was cut off goes on where
    it was, and another one decodes nothing.

    Args:
        dataset: The clips.
        store: Where measures are kept.
        n_workers: Number of threads; each works on one clip. None for one a processor, at most eight.
        progress: Is told of each clip.

    Raises:
        SettingError: `n_workers` is below 1.
    """
    n_workers = _usable_processors() if n_workers is None else n_workers
    if n_workers < 1:
        raise SettingError(f"n_workers must be at least 1, not {n_workers}")
    progress = progress or NoProgress()
    progress.start("listening", len(dataset))
    results = []
    try:
        for result in _measured_in_order(_Measurer(store), dataset, n_workers):
            results.append(result)
            progress.advance()
    finally:
        store.flush()
    return Measures(
        sounds=tuple(result for result in results if isinstance(result, Measured)),
        unusable=tuple(result for result in results if isinstance(result, Unusable)),
    )


def measure(decoded: Decoded) -> dict[str, Any]:
    """Return what is measured of a sound: the attributes of `Measured` but for index, name and fingerprint.

    Args:
        decoded: The sound.
    """
    mix, info = decoded.mix, decoded.info
    silences = find_silences(mix, info.sample_rate)
    bandwidth_hz, is_cut = find_bandwidth(mix, info.sample_rate)
    clipping = [find_clipping(channel) for channel in decoded.channels]
    return {
        "sample_rate": info.sample_rate,
        "n_channels": info.n_channels,
        "container": info.container,
        "subtype": info.subtype,
        "duration_s": len(mix) / info.sample_rate,
        "peak": float(np.abs(decoded.channels).max()),
        "rms_db": level_db(mix),
        "n_clipped_runs": sum(n_runs for n_runs, _ in clipping),
        "clipped_share": sum(n_samples for _, n_samples in clipping) / decoded.channels.size,
        "offset": float(mix.mean(dtype=np.float64)),
        "silent_stretches": silences.stretches,
        "leading_silence_s": silences.leading_s,
        "bandwidth_hz": bandwidth_hz,
        "is_cut": is_cut,
        "dead_channels": dead_channels(decoded.channels),
        "content_key": sound_key(decoded.channels, info.sample_rate),
    }


def sound_key(waveform: FloatArray, sample_rate: int) -> str:
    """Return 32 hexadecimal digits that name a decoded sound: its samples in steps of 16 bit, and its rate.

    A WAV and the FLAC made from it share them, whatever their tags say; so do one channel and several equal ones.

    Args:
        waveform: Sound, shape (n_samples,) or (n_channels, n_samples).
        sample_rate: Its rate in Hz.
    """
    steps = np.clip(np.rint(waveform * np.float32(32768)), -32768, 32767).astype("<i2")
    channels = np.atleast_2d(steps)
    if (channels == channels[0]).all():
        channels = channels[:1]
    shape = b"".join(n.to_bytes(8, "little") for n in channels.shape) if len(channels) > 1 else b""
    return xxhash.xxh3_128_hexdigest(channels.tobytes() + shape + sample_rate.to_bytes(8, "little"))


def why_unusable(reason: str) -> Literal["unreadable", "truncated", "empty", "not-finite"]:
    """Return what kind of fault the reason of an `AudioError` tells of.

    >>> why_unusable("the file is truncated: it ends inside an Ogg page: copy or download it again")
    'truncated'
    """
    if "not finite" in reason:
        return "not-finite"
    if "the file is empty" in reason or "holds no samples" in reason:
        return "empty"
    return "truncated" if "truncated" in reason else "unreadable"


_KEPT = {part.name for part in dataclasses.fields(Measured)} - {"index", "name", "fingerprint"}


@dataclass(frozen=True)
class _Measurer:
    """Measures one clip after another; threads share it."""

    store: FeatureStore
    content_keys: dict[Path, str] = field(default_factory=dict)

    def measure(self, index: int, clip: Clip) -> Measured | Unusable:
        name = clip_address(clip)
        try:
            key = self._key(clip)
            known = self._recall(key) if key else None
            if known is None:
                decoded = decode(clip)
                known = measure(decoded), fingerprint(decoded.mix, decoded.info.sample_rate)
                if key:
                    self._keep(key, *known)
        except (AudioError, SettingError) as error:  # the second: a stretch that cannot be, in one row of a table
            reason = error.reason if isinstance(error, AudioError) else str(error)
            return Unusable(index=index, name=name, kind=why_unusable(reason), reason=reason)
        values, print_of_sound = known
        return Measured(index=index, name=name, fingerprint=print_of_sound, **values)

    def _key(self, clip: Clip) -> str:
        """Return what a clip's measures are kept under; nothing where its file cannot be opened."""
        content = self.content_keys.get(clip.path)
        if content is None:
            try:
                content = self.content_keys[clip.path] = content_key(clip.path)
            except (OSError, ValueError):  # what is wrong is said where it is read; ValueError: a null in the name
                return ""
        return text_key(f"audit {MEASURE_VERSION} {content} {clip.start_s} {clip.end_s}")

    def _recall(self, key: str) -> tuple[dict[str, Any], Fingerprint] | None:
        text, array = self.store.get(key), self.store.get(text_key(f"{key} fingerprint"))
        if text is None or array is None:
            return None
        try:
            values = json.loads(text.tobytes())
            values["silent_stretches"] = tuple((start, end) for start, end in values["silent_stretches"])
            values["dead_channels"] = tuple(values["dead_channels"])
            found = Fingerprint.from_array(array)
        except (ValueError, KeyError, TypeError):  # another program's, or damaged: measured anew
            return None
        return (values, found) if values.keys() == _KEPT else None

    def _keep(self, key: str, values: dict[str, Any], print_of_sound: Fingerprint) -> None:
        self.store.put(text_key(f"{key} fingerprint"), print_of_sound.to_array())
        self.store.put(key, np.frombuffer(json.dumps(values).encode(), dtype=np.uint8))


def _measured_in_order(measurer: _Measurer, dataset: Dataset, n_workers: int) -> Iterator[Measured | Unusable]:
    with ThreadPoolExecutor(n_workers) as workers:
        waiting: deque[Future[Measured | Unusable]] = deque()
        try:
            for index, clip in enumerate(dataset):
                waiting.append(workers.submit(measurer.measure, index, clip))
                if len(waiting) > _AHEAD * n_workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:  # with Ctrl-C, the clips in work are finished and no other begun
            workers.shutdown(cancel_futures=True)


def _usable_processors() -> int:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MOST_WORKERS)
