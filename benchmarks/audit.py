"""What an audit finds of faults that were planted, how quick it is, what memory it takes, and how it grows.

Run it as `.venv/bin/python benchmarks/audit.py ../shared/data/esc10 --seeds 0 1 2 --labels`, or with `--scale` or
`--memory` alone.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
import plant_faults
import soundfile

from earmark.audit.audit import audit_dataset
from earmark.audit.findings import Finding
from earmark.audit.fingerprint import Fingerprint
from earmark.audit.measure import measure_dataset
from earmark.audit.pairs import find_pairs
from earmark.audit.repeats import find_repeats
from earmark.data.open import open_dataset
from earmark.features.store import FeatureStore

Facts = dict[str, list[dict[str, Any]]]

N_SUSPICIOUS = 40  # labels are looked at worst first: so many a person would listen to
LEAST_PEAK = 20  # times the deviation: chance reaches 5 in the lags looked at
LOOKED_AT = {"excerpt": "near-repeat"}
SIZES = (6_250, 12_500, 25_000, 50_000, 100_000)
SHARE_OF_COPIES = 0.01
N_FRAMES = 300  # 5 s
N_TABLES = 4


@dataclass(frozen=True)
class Count:
    """How many were planted, how many of these were found, and how many clips nobody touched were reported."""

    planted: int
    found: int
    reported: int


def main() -> None:
    """Measure what was asked for, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", help="an ESC-50 checkout to plant faults in a copy of")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="one copy each")
    parser.add_argument("--labels", action="store_true", help="look for wrong labels too (minutes)")
    parser.add_argument("--repeats", type=int, default=3, help="rounds to take the median speed of")
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--scale", action="store_true", help="time the search for repeats on made-up fingerprints")
    parser.add_argument("--memory", action="store_true", help="peak memory of measuring files of a minute to two hours")
    parser.add_argument("--minutes", type=int, nargs="+", default=[1, 10, 60, 120])
    parser.add_argument("--formats", nargs="+", default=["wav", "flac", "ogg"])
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    options = parser.parse_args()
    if options.data is None and not options.scale and not options.memory:
        parser.error("name a data set, or give --scale or --memory")
    print(f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}\n")
    if options.data is not None:
        print_recall(options)
        print_speed(options)
    if options.scale:
        print_scale(options.sizes, options.repeats)
    if options.memory:
        print_memory(options.formats, options.minutes)


# ---------------------------------------------------------------- what is found of what was planted


def print_recall(options: argparse.Namespace) -> None:
    """Plant faults in a copy for each seed, audit it, and print how many were found."""
    counts: dict[str, list[Count]] = defaultdict(list)
    natural: Counter[str] = Counter()
    for seed in options.seeds:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "planted"
            truth = plant_faults.plant(options.data, folder, seed=seed)
            dataset = open_dataset(folder)
            findings = audit_dataset(dataset, quick=not options.labels, n_workers=options.workers).findings
            for kind, count in counted(findings, truth).items():
                counts[kind].append(count)
            natural.update(repeats_among(findings, untouched(truth), folder / "audio"))
    print("| planted | found | share | reported of clips that nothing was done to |")
    print("|---|---|---|---|")
    for kind, several in counts.items():
        if kind == "label" and not options.labels:
            continue
        planted, found, reported = (sum(getattr(count, part) for count in several) for part in vars(several[0]))
        print(f"| {planted} {kind} | {found} | {found / planted:.0%} | {reported} |")
    print("\nRepeats among clips that nothing was done to, and whether their waveforms agree at one lag:")
    for line, n in natural.items() or [("none", len(options.seeds))]:
        print(f"* {line} ({n} of {len(options.seeds)} copies)")
    print()


def counted(findings: Sequence[Finding], truth: Facts) -> dict[str, Count]:
    """Return for each kind that was planted how much of it was found."""
    unchanged = untouched(truth)
    counts = {}
    for planted, facts in truth.items():
        if planted == "untouched":
            continue
        kind = LOOKED_AT.get(planted, planted)
        told = [
            {short(name) for name in finding.clips}
            for finding in findings
            if finding.kind == kind and (finding.severity != "note" or "repeat" in kind)
        ]
        if kind == "label":
            told = told[:N_SUSPICIOUS]
        if "repeat" in kind:
            found = sum(any({fact["clip"], fact["of"]} <= clips for clips in linked(told)) for fact in facts)
            reported = sum(len(clips & unchanged) > 1 for clips in told)
        else:
            found = sum(any(fact["clip"] in clips for clips in told) for fact in facts)
            reported = len(set().union(*told) & unchanged)
        counts[planted] = Count(len(facts), found, reported)
    return counts


def linked(sets: Iterable[set[str]]) -> list[set[str]]:
    """Return sets that share members as one: findings tell of a cluster pair by pair."""
    clusters: list[set[str]] = []
    for each in sets:
        touching = [cluster for cluster in clusters if cluster & each]
        clusters = [cluster for cluster in clusters if not cluster & each] + [each.union(*touching)]
    return clusters


def untouched(truth: Facts) -> set[str]:
    """Return the clips that nothing was done to."""
    return {fact["clip"] for fact in truth["untouched"]}


def short(name: str) -> str:
    """Return a clip's name as the truth has it: without its folder."""
    return name.rsplit("/", 1)[-1]


def repeats_among(findings: Iterable[Finding], clips: set[str], folder: Path) -> Iterator[str]:
    """Yield what was reported as one sound of clips that nothing was done to, and what their waveforms say."""
    for finding in findings:
        names = sorted(short(name) for name in finding.clips)
        if "repeat" in finding.kind and set(names) <= clips:
            peak, lag_s = agreement(*(soundfile.read(folder / name, dtype="float32") for name in names[:2]))
            verdict = "one sound" if peak >= LEAST_PEAK else "FALSE"
            yield f"{' and '.join(names)}: {verdict}, {peak:.0f} deviations at {lag_s:+.3f} s"


def agreement(one: tuple[Any, int], other: tuple[Any, int]) -> tuple[float, float]:
    """Return how far the whitened cross-correlation of waveforms stands out where the fingerprints agree, and the lag.

    It looks at phases only, and knows nothing of fingerprints. Source: C. Knapp and G. Carter, "The Generalized
    Correlation Method for Estimation of Time Delay", IEEE Transactions on ASSP 24, 1976 (the phase transform).
    """
    from earmark.audit.fingerprint import fingerprint  # noqa: PLC0415 - beside what it is for

    (first, sample_rate), (second, _) = one, other
    pairs = find_pairs([fingerprint(first, sample_rate), fingerprint(second, sample_rate)])
    if not pairs:
        return 0.0, 0.0
    n = len(first) + len(second)
    cross = np.fft.rfft(first, n) * np.conj(np.fft.rfft(second, n))
    correlation = np.fft.irfft(cross / (np.abs(cross) + 1e-12), n)
    reach = sample_rate // 30
    lags = round(pairs[0].offset_s * sample_rate) + np.arange(-reach, reach + 1)
    best = int(np.abs(correlation[lags]).argmax())
    return float(np.abs(correlation[lags[best]]) / correlation.std()), float(lags[best] / sample_rate)


# ---------------------------------------------------------------- speed


def print_speed(options: argparse.Namespace) -> None:
    """Time decoding, measuring, fingerprinting and comparing of the data as it is."""
    dataset = open_dataset(options.data)
    speeds, cpu_s, repeat_s, duration_s = [], [], [], 0.0
    for _ in range(options.repeats):
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        measures = measure_dataset(dataset, store=FeatureStore(None), n_workers=options.workers)
        measured_s = time.perf_counter()
        find_repeats(measures, dataset)
        ended_s = time.perf_counter()
        duration_s = sum(sound.duration_s for sound in measures.sounds)
        speeds.append(duration_s / (ended_s - began_s))
        cpu_s.append(1000 * (time.process_time() - began_cpu_s) / duration_s)
        repeat_s.append(ended_s - measured_s)
    print(
        f"{len(dataset)} clips, {duration_s:.0f} s of sound, medians of {options.repeats}, nothing in the store, load "
        f"{os.getloadavg()[0]:.1f}:"
    )
    print(f"* decoding, measuring, fingerprints and repeats: {median(speeds):,.0f} audio-seconds a second")
    print(f"* {median(cpu_s):.2f} ms of processor a second of sound; repeats alone {1000 * median(repeat_s):.0f} ms\n")


# ---------------------------------------------------------------- growth


def print_scale(sizes: Sequence[int], repeats: int) -> None:
    """Time the search for repeats on made-up fingerprints of 5 s, and print what it takes over n log n."""
    print(f"seconds of processor, medians of {repeats}; load {os.getloadavg()[0]:.1f}\n")
    print("| clips | s | microseconds a clip | over n log n | copies found |")
    print("|---|---|---|---|---|")
    first = None
    for n in sizes:
        fingerprints, copies = made_up(n, np.random.default_rng(n))
        rounds = []
        for _ in range(repeats):
            began_s = time.process_time()
            found = {(pair.first, pair.second) for pair in find_pairs(fingerprints)}
            rounds.append(time.process_time() - began_s)
        took_s = median(rounds)
        ratio = took_s / (n * np.log(n))
        first = first or ratio
        right = sum(copy in found for copy in copies)
        print(
            f"| {n:,} | {took_s:.2f} | {1e6 * took_s / n:.0f} | {ratio / first:.2f} | {right} of {len(copies)}, "
            f"{len(found) - right} false |",
            flush=True,
        )
        print(f"{n} clips done", file=sys.stderr)


def made_up(n: int, rng: np.random.Generator) -> tuple[list[Fingerprint], list[tuple[int, int]]]:
    """Return fingerprints, and which are of one sound.

    Five of eight bits are set, by which keys collide by chance four times as often as with even bits: as often as those
    of ESC-10. A copy has one in 14 of its bits turned
    over, as the firm frames of re-encoded clips have, and begins 20 frames later.
    """
    n_copies = int(SHARE_OF_COPIES * n)
    prints, copies = [], []
    for index in range(n - n_copies):
        a, b, c = rng.integers(2**32, size=(3, N_FRAMES), dtype=np.uint32)
        prints.append(with_keys(a | (b & c)))
        if index < n_copies:
            copies.append((index, n - n_copies + index))
    for index, _ in copies:
        turned = np.packbits(rng.random((N_FRAMES, 32)) < 0.07, axis=1).view(np.uint32)[:, 0]  # noqa: PLR2004
        prints.append(with_keys(np.roll(prints[index].words ^ turned, -20)))
    return prints, copies


def with_keys(words: npt.NDArray[np.uint32]) -> Fingerprint:
    """Return the fingerprint of words, with as many keys as a sound has: one table's from every eighth word or so."""
    frames = np.flatnonzero((words * np.uint32(2654435761)) >> np.uint32(29) == 0).astype(np.int32)
    keys = []
    for table in range(N_TABLES):
        low = words[frames] & np.uint32((1 << 8 * table) - 1)
        high = (words[frames].astype(np.uint64) >> np.uint64(8 * table + 8)).astype(np.uint32) << np.uint32(8 * table)
        keys.append(low | high | np.uint32(table << 24))
    return Fingerprint(
        words=words,
        heard=np.ones(len(words), dtype=bool),
        keys=np.concatenate(keys),
        key_frames=np.tile(frames, N_TABLES),
    )


# ---------------------------------------------------------------- memory


def print_memory(formats: Sequence[str], minutes: Sequence[int]) -> None:
    """Measure files of so many minutes, each in a process of its own, and print what memory was in use at the most."""
    print("| format | minutes | peak memory, MB | ms of processor a second of sound |")
    print("|---|---|---|---|")
    for suffix in formats:
        for n_minutes in minutes:
            with tempfile.TemporaryDirectory() as name:
                path = Path(name) / f"long.{suffix}"
                write_long(path, n_minutes)
                told = subprocess.run(
                    [sys.executable, "-c", MEASURING, str(path)], capture_output=True, text=True, check=True
                ).stdout.split()
            print(f"| {suffix} | {n_minutes} | {int(told[0]) / 1024:.0f} | {1000 * float(told[1]):.2f} |", flush=True)


MEASURING = """
import resource, sys, time
from earmark.audio.blocks import sound_blocks
from earmark.audit.measure import measure
began_s = time.process_time()
values, _ = measure(sound_blocks(sys.argv[1]))
took_s = time.process_time() - began_s
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, took_s / values["duration_s"])
"""


def write_long(path: Path, n_minutes: int) -> None:
    """Write noise that grows and fades, 44.1 kHz, one channel, minute by minute."""
    rng = np.random.default_rng(0)
    envelope = 0.2 + 0.1 * np.sin(np.arange(44100) / 7000)
    second = (envelope * np.convolve(rng.standard_normal(44100), [0.3, 0.4, 0.3], mode="same")).astype(np.float32)
    with soundfile.SoundFile(path, "w", 44100, 1) as sound:
        for _ in range(60 * n_minutes):
            sound.write(second * np.float32(rng.uniform(0.1, 1)))


if __name__ == "__main__":
    main()
