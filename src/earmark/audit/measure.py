"""One pass over the sounds: each clip is decoded once, and all that the audit asks of it is measured."""

import dataclasses
import json
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xxhash

from earmark._util.files import content_key, text_key
from earmark._util.progress import NoProgress, Progress
from earmark.audio import FloatArray
from earmark.audio.blocks import SoundBlocks
from earmark.audit.bandwidth import MeanSpectrum
from earmark.audit.clipping import FlatTops, TopsBelow
from earmark.audit.decode import clip_blocks, mix_of
from earmark.audit.findings import clip_address
from earmark.audit.fingerprint import Fingerprint, FingerprintMaker
from earmark.audit.levels import Level, SilenceSearch, dead_channels
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.errors import AudioError, SettingError
from earmark.features.store import FeatureStore

# To be raised with every change that measures other numbers in the same sound, or makes another fingerprint of it.
MEASURE_VERSION = 3

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


def measure(sound: SoundBlocks) -> tuple[dict[str, Any], Fingerprint]:
    """Return what is measured of a sound, block by block: the attributes of `Measured` but for index and name.

    A sound that was clipped for hours and made softer later is decoded twice.

    Args:
        sound: The sound.

    Raises:
        AudioError: It cannot be decoded to its end, or samples are not finite.
    """
    level, silence, key = Level(), SilenceSearch(sound.sample_rate), SoundKey(sound.n_channels)
    spectrum, maker = MeanSpectrum(sound.n_samples), FingerprintMaker(sound.sample_rate)
    tops = [(sign, channel, TopsBelow()) for channel in range(sound.n_channels) for sign in (1, -1)]
    for channels in sound:
        mix = mix_of(channels)
        for part in (level, silence, spectrum, maker):
            part.add(mix)
        key.add(channels)
        for sign, channel, found in tops:
            found.add(channels[channel] if sign > 0 else -channels[channel])
    silences = silence.finish()
    bandwidth_hz, is_cut = spectrum.bandwidth(sound.sample_rate)
    flat = _flat_tops(sound, tops)
    peaks = [max(one.peak, other.peak) for (*_, one), (*_, other) in zip(tops[::2], tops[1::2], strict=True)]
    values = {
        "sample_rate": sound.sample_rate,
        "n_channels": sound.n_channels,
        "container": sound.container,
        "subtype": sound.subtype,
        "duration_s": sound.n_samples / sound.sample_rate,
        "peak": max(peaks),
        "rms_db": level.level_db,
        "n_clipped_runs": sum(each.n_runs for each in flat),
        "clipped_share": sum(each.n_samples for each in flat) / (sound.n_samples * sound.n_channels),
        "offset": level.offset,
        "silent_stretches": silences.stretches,
        "leading_silence_s": silences.leading_s,
        "bandwidth_hz": bandwidth_hz,
        "is_cut": is_cut,
        "dead_channels": dead_channels(peaks),
        "content_key": key.finish(sound.sample_rate),
    }
    return values, maker.finish()


def _flat_tops(sound: SoundBlocks, tops: Sequence[tuple[int, int, TopsBelow]]) -> list[FlatTops]:
    """Return the counts of flat tops; the sound is gone through again for those that could not be counted at once."""
    again = [(sign, channel, FlatTops(found.peak)) for sign, channel, found in tops if found.is_open]
    for channels in sound if again else ():
        for sign, channel, counting in again:
            counting.add(channels[channel] if sign > 0 else -channels[channel])
    return [found.finish() for *_, found in tops if not found.is_open] + [counting for *_, counting in again]


class SoundKey:
    """Makes the digits that name a decoded sound, which comes in blocks: see `sound_key`.

    Args:
        n_channels: Number of channels.
    """

    def __init__(self, n_channels: int) -> None:
        self._digests = [xxhash.xxh3_128() for _ in range(n_channels)]

    def add(self, channels: FloatArray) -> None:
        """Take the next block, (n_channels, n_samples)."""
        for digest, channel in zip(self._digests, channels, strict=True):
            digest.update(np.clip(np.rint(channel * np.float32(32768)), -32768, 32767).astype("<i2"))

    def finish(self, sample_rate: int) -> str:
        """Return the digits.

        Args:
            sample_rate: The rate in Hz.
        """
        rate = sample_rate.to_bytes(8, "little")
        names = [digest.digest() for digest in self._digests]
        if len(set(names)) > 1:
            return xxhash.xxh3_128_hexdigest(b"".join(names) + rate)
        self._digests[0].update(rate)
        return self._digests[0].hexdigest()


def sound_key(waveform: FloatArray, sample_rate: int) -> str:
    """Return 32 hexadecimal digits that name a decoded sound: its samples in steps of 16 bit, and its rate.

    A WAV and the FLAC made from it share them, whatever their tags say; so do one channel and several equal ones.

    Args:
        waveform: Sound, shape (n_samples,) or (n_channels, n_samples).
        sample_rate: Its rate in Hz.
    """
    channels = np.atleast_2d(waveform)
    key = SoundKey(len(channels))
    key.add(channels)
    return key.finish(sample_rate)


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
                known = measure(clip_blocks(clip))
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
