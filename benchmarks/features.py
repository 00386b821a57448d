"""How fast sounds become features, as the notebooks do it and as earmark does.

Tracks of 30 s (WAV, 16 bit, 22.05 kHz, one channel) are decoded, cut into ten segments, turned into 13 MFCC each, and
saved. Each way runs in a process of its own, one at a time and in turn, with one track before the clock starts, so
that imports and first calls do not count. The tracks are in the page cache; BLAS and OpenMP have one thread in each
process, unless OMP_NUM_THREADS and OPENBLAS_NUM_THREADS say otherwise (more would fight the threads over the tracks,
and gain the loops nothing). The ways:

    loop, JSON      librosa.load, librosa.feature.mfcc segment by segment, tolist, json.dump with indent=4
    loop            the same without tolist and JSON: nothing is saved
    scipy.fft       float32 throughout, segment by segment, two threads over the tracks, one .npy file at the end
    earmark         extract_features into a new store, with the allocator set as each earmark command sets it
    earmark again   the same once more, with everything in the store

    python benchmarks/features.py
    python benchmarks/features.py --tracks 40 --loop-tracks 10 --repeats 1    # a quick look
    python benchmarks/features.py --memory-tracks 2000                        # 2.7 GB of tracks, for a while
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

SAMPLE_RATE = 22_050
N_SEGMENTS = 10
N_FFT, HOP, N_MELS, N_MFCC, TOP_DB = 2048, 512, 128, 13, 80.0
N_COMPARED = 3  # tracks whose numbers are held against librosa's
N_THREADS = 2
WARM_UP = "warm-up.wav"

FloatArray = npt.NDArray[np.float32]


def main() -> None:
    """Make the tracks, measure all ways, and print the tables; or, with ``--way``, one way in this process."""
    options = parse_options()
    if options.way:
        print(json.dumps(measure(options)))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        n_most = max(options.tracks, options.memory_tracks)
        print(f"making {n_most} tracks of {options.seconds:g} s ...", file=sys.stderr)
        make_tracks(folder, n_most, options.seconds)
        results = run_all(options, folder)
        print_speed(options, results)
        print_memory(options, folder, results["earmark"])
        difference = json.loads(run(options, folder, "compare", min(N_COMPARED, options.tracks)))
        print(f"\nlargest difference from librosa in {difference['n']} tracks: {difference['most_db']:.1e} dB")


def parse_options() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of a track")
    parser.add_argument(
        "--loop-tracks", type=int, help="fewer tracks for the two loops, which are slow; all by default"
    )
    parser.add_argument("--memory-tracks", type=int, default=0, help="another number of tracks to show the memory for")
    parser.add_argument("--repeats", type=int, default=3, help="processes to take the median of")
    parser.add_argument("--workers", type=int, default=N_THREADS, help="threads of earmark")
    parser.add_argument("--folder", type=Path, help="where a temporary folder is made; the system's by default")
    parser.add_argument("--way", choices=[*WAYS, "compare"], help=argparse.SUPPRESS)
    parser.add_argument("--sounds", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if min(options.tracks, options.repeats, options.workers) < 1:
        parser.error("--tracks, --repeats and --workers are at least 1")
    return options


def make_tracks(folder: Path, n_tracks: int, seconds: float) -> None:
    """Write tracks that all differ: decaying notes over a little noise, from a fixed seed."""
    n_samples = round(seconds * SAMPLE_RATE)
    generator = np.random.default_rng(0)
    noise = generator.standard_normal(2 * n_samples, dtype=np.float32)
    beat = np.exp(-6.0 * (np.arange(n_samples) / SAMPLE_RATE % 0.5)).astype(np.float32)
    for number in range(n_tracks + 1):
        note_hz = generator.uniform(80.0, 2000.0)
        phase = np.arange(n_samples, dtype=np.float32) * np.float32(2 * np.pi * note_hz / SAMPLE_RATE)
        begin = generator.integers(n_samples)
        sound = 8000 * beat * np.sin(phase) + 300 * noise[begin : begin + n_samples]
        path = folder / (f"{number:05}.wav" if number < n_tracks else WARM_UP)
        soundfile.write(path, sound.astype(np.int16), SAMPLE_RATE)


# ---------------------------------------------------------------- the ways


def loop_with_json(paths: list[Path], place: Path, _: argparse.Namespace) -> None:
    """Do as the notebooks do."""
    data: dict[str, list[Any]] = {"mapping": ["tracks"], "mfcc": [], "labels": []}
    for path in paths:
        for mfcc in librosa_mfcc(path):
            data["mfcc"].append(mfcc.T.tolist())
            data["labels"].append(0)
    with (place / "data.json").open("w", encoding="utf-8") as stream:
        json.dump(data, stream, indent=4)


def loop(paths: list[Path], _place: Path, _: argparse.Namespace) -> None:
    """Do as the notebooks do, and keep the arrays in memory."""
    kept = []
    for path in paths:
        kept += [mfcc.T for mfcc in librosa_mfcc(path)]


def librosa_mfcc(path: Path) -> list[FloatArray]:
    """Return the MFCC of each segment of a track."""
    import librosa  # noqa: PLC0415 - the other ways run without it

    signal, sample_rate = librosa.load(path, sr=SAMPLE_RATE)
    length = len(signal) // N_SEGMENTS
    return [
        librosa.feature.mfcc(
            y=signal[number * length : (number + 1) * length],
            sr=sample_rate,
            n_mfcc=N_MFCC,
            n_fft=N_FFT,
            hop_length=HOP,
        )
        for number in range(N_SEGMENTS)
    ]


def scipy_fft(paths: list[Path], place: Path, _: argparse.Namespace) -> None:
    """Do what a person does who knows NumPy and SciPy well."""
    import librosa.filters  # noqa: PLC0415 - the other ways run without it
    import scipy.fft  # noqa: PLC0415
    import scipy.signal  # noqa: PLC0415

    window = scipy.signal.get_window("hann", N_FFT).astype(np.float32)
    filters = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=N_FFT, n_mels=N_MELS)  # (n_mels, n_bins)
    cosines = scipy.fft.dct(np.eye(N_MELS), axis=0, norm="ortho")[:N_MFCC].astype(np.float32)

    def segment_mfcc(segment: FloatArray) -> FloatArray:
        padded = np.pad(segment, N_FFT // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP] * window  # (n_frames, n_fft)
        spectrum = scipy.fft.rfft(frames)
        power = spectrum.real**2 + spectrum.imag**2
        decibel = 10.0 * np.log10(np.maximum(filters @ power.T, 1e-10))  # (n_mels, n_frames)
        return np.asarray(cosines @ np.maximum(decibel, decibel.max() - TOP_DB))

    def track_mfcc(path: Path) -> FloatArray:
        waveform, _ = soundfile.read(path, dtype="float32")
        length = len(waveform) // N_SEGMENTS
        return np.stack([segment_mfcc(waveform[n * length : (n + 1) * length]) for n in range(N_SEGMENTS)])

    with ThreadPoolExecutor(N_THREADS) as workers:
        np.save(place / "mfcc.npy", np.stack(list(workers.map(track_mfcc, paths))))


def earmark(paths: list[Path], place: Path, options: argparse.Namespace) -> Any:  # noqa: ANN401 - a sequence of arrays
    """Extract features into a store, or find them there; return them."""
    from earmark._util.allocator import keep_freed_memory  # noqa: PLC0415 - the other ways run without torch
    from earmark.audio.segments import segments_by_count  # noqa: PLC0415
    from earmark.data.clip import Clip  # noqa: PLC0415
    from earmark.features.extract import Recipe, extract_features  # noqa: PLC0415
    from earmark.features.mfcc import MfccSettings  # noqa: PLC0415
    from earmark.features.store import FeatureStore  # noqa: PLC0415

    keep_freed_memory()
    segments = segments_by_count(N_SEGMENTS, clip_samples=round(options.seconds * SAMPLE_RATE))
    recipe = Recipe(front_end="mfcc", settings=MfccSettings(), segments=segments)
    clips = [Clip(name=path.name, path=path, label="track", group=path.name) for path in paths]
    (features,) = extract_features(
        clips, [recipe], store=FeatureStore(place / "store"), n_workers=options.workers, strict=True
    )
    return features.arrays


WAYS: dict[str, Callable[[list[Path], Path, argparse.Namespace], Any]] = {
    "loop, JSON": loop_with_json,
    "loop": loop,
    "scipy.fft": scipy_fft,
    "earmark": earmark,
    "earmark again": earmark,
}
LOOPS = ("loop, JSON", "loop")
STANDARD = "loop"  # what the others are compared with


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Run one way in this process, and return its seconds, its seconds of processor, and its peak memory in MB."""
    import resource  # noqa: PLC0415 - not on Windows

    paths = sorted(path for path in options.sounds.glob("*.wav") if path.name != WARM_UP)[: options.tracks]
    place = options.sounds / "saved"
    if options.way == "compare":
        return compare(paths, place, options)
    with tempfile.TemporaryDirectory(dir=options.sounds) as name:
        WAYS[options.way]([options.sounds / WARM_UP], Path(name), options)
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    WAYS[options.way](paths, place, options)
    ended_s, ended_cpu_s = time.perf_counter(), time.process_time()
    in_one_mb = 1 << 20 if sys.platform == "darwin" else 1 << 10
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / in_one_mb
    return {"s": ended_s - began_s, "cpu_s": ended_cpu_s - began_cpu_s, "peak_mb": peak_mb, "file_mb": mapped_mb()}


def mapped_mb() -> float:
    """Return how much of this process's memory is pages of files, libraries and store; 0 where nobody tells."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssFile")) / 1024


def compare(paths: list[Path], place: Path, options: argparse.Namespace) -> dict[str, float]:
    """Return by how much the features in the store differ from librosa's."""
    most_db = 0.0
    for path, ours in zip(paths, earmark(paths, place, options), strict=True):
        most_db = max(most_db, float(np.abs(ours - np.stack(librosa_mfcc(path))).max()))
    return {"n": len(paths), "most_db": most_db}


# ---------------------------------------------------------------- runs and tables


def run(options: argparse.Namespace, folder: Path, way: str, n_tracks: int) -> str:
    """Run one way in a process of its own, and return what it printed. A store made by it stays for the next."""
    place = folder / "saved"
    if way != "earmark again":
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
    command = [sys.executable, __file__, "--way", way, "--sounds", folder, "--tracks", n_tracks]
    command += ["--seconds", options.seconds, "--workers", options.workers]
    surroundings = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} | os.environ
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, env=surroundings
    )
    if done.returncode:
        raise SystemExit(f"{way} failed:\n{done.stderr}")
    return done.stdout


def n_tracks_of(options: argparse.Namespace, way: str) -> int:
    """Return how many tracks a way is measured with."""
    return min(options.tracks, options.loop_tracks or options.tracks) if way in LOOPS else int(options.tracks)


def run_all(options: argparse.Namespace, folder: Path) -> dict[str, list[dict[str, float]]]:
    """Run all ways in turn, several times, and return what each run measured."""
    results: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for number in range(options.repeats):
        for way in WAYS:
            print(f"round {number + 1} of {options.repeats}: {way} ...", file=sys.stderr)
            results[way].append(json.loads(run(options, folder, way, n_tracks_of(options, way))))
    return results


def print_speed(options: argparse.Namespace, results: dict[str, list[dict[str, float]]]) -> None:
    """Print how many seconds of sound each way gets through in a second."""

    def speeds(way: str) -> list[float]:
        return [n_tracks_of(options, way) * options.seconds / result["s"] for result in results[way]]

    print(f"{describe_machine()}\n")
    print("| way | tracks | audio-seconds a second (median) | min-max | ms of processor a track | times the loop |")
    print("|---|---|---|---|---|---|")
    standard = statistics.median(speeds(STANDARD))
    for way in WAYS:
        speed, n_tracks = speeds(way), n_tracks_of(options, way)
        cpu_ms = 1000 * statistics.median(result["cpu_s"] for result in results[way]) / n_tracks
        median = statistics.median(speed)
        print(
            f"| {way} | {n_tracks} | {median:,.0f} | {min(speed):,.0f}-{max(speed):,.0f} | {cpu_ms:.1f} "
            f"| {median / standard:.1f} |"
        )
    ratios = [ours / theirs for ours, theirs in zip(speeds("earmark"), speeds(STANDARD), strict=True)]
    if n_tracks_of(options, STANDARD) < options.tracks:
        print("\nThe loops ran on fewer tracks: their speed does not depend on how many there are.")
    print(f"\nearmark / loop, round by round: median {statistics.median(ratios):.1f}")


def print_memory(options: argparse.Namespace, folder: Path, results: list[dict[str, float]]) -> None:
    """Print the peak memory of earmark, and of another number of tracks, if asked for."""
    rows = {options.tracks: results}
    if options.memory_tracks:
        rows[options.memory_tracks] = [json.loads(run(options, folder, "earmark", options.memory_tracks))]
    print("\n| tracks | peak memory of earmark, MB | of it pages of files, which the system can take back, MB |")
    print("|---|---|---|")
    for n_tracks, measured in rows.items():
        peak_mb, file_mb = (statistics.median(one[name] for one in measured) for name in ("peak_mb", "file_mb"))
        print(f"| {n_tracks} | {peak_mb:.0f} | {file_mb:.0f} |")


def describe_machine() -> str:
    """Return what was measured with, in one line."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    names = ("numpy", "scipy", "librosa", "torch", "soundfile")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return f"{usable} processors, {platform.machine()}, Python {platform.python_version()}, {versions}"


if __name__ == "__main__":
    main()
