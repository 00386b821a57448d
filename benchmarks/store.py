"""How long a store of features takes to open at any size, beside the notebooks' JSON file and a memory map.

    python benchmarks/store.py --entries 200 10000

An entry is a clip's features (10, 13, 130) in float32, 67.6 kB; with more than `--full-up-to` entries one of its ten
segments, 6.8 kB, so that the file stays below a gigabyte. "From disk" is the first opening after the system was told
to forget the file. Opening goes on until the first clip's features are there; in a new process, it loads LMDB too.
"""

import argparse
import json
import math
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from earmark.features.store import FeatureStore

SHAPE = (10, 13, 130)
N_GOTTEN = 2000


def main() -> None:
    """Measure, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, nargs="+", default=[200, 10_000, 100_000])
    parser.add_argument("--full-up-to", type=int, default=10_000, help="entries of full size (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=9, help="openings to take the median of")
    parser.add_argument("--folder", type=Path, help="where to write (default: the system's folder for such files)")
    options = parser.parse_args()
    print(f"{'a store of':>10}{'kB each':>9}{'MB':>7}{'put MB/s':>10}{'open ms':>9}{'from disk ms':>14}{'get us':>8}")
    for n_entries in options.entries:
        shape = SHAPE if n_entries <= options.full_up_to else (1, *SHAPE[1:])
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            print(measure_store(Path(folder) / "store", n_entries, shape, options.repeats), flush=True)
    print(f"\n{'200 clips, in a new process':28}{'ms':>9}{'MB more':>9}")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for name, opening in write_files(Path(folder)).items():
            times_s, more_mb = zip(*(in_new_process(*opening) for _ in range(min(options.repeats, 5))), strict=True)
            print(f"{name:28}{1e3 * median(times_s):9.1f}{median(more_mb):9.1f}")


def measure_store(folder: Path, n_entries: int, shape: tuple[int, ...], n_repeats: int) -> str:
    """Fill a store, open it again and again, and return a row of the table."""
    array = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    began = time.perf_counter()
    fill(folder, n_entries, array)
    put_s = time.perf_counter() - began
    keys = [key_of(int(n)) for n in np.random.default_rng(1).integers(n_entries, size=N_GOTTEN)]
    open_ms = [1e3 * open_store(folder) for _ in range(n_repeats)]
    forget(folder / "data.mdb")
    cold_ms = 1e3 * open_store(folder)
    store = FeatureStore(folder)
    store.get(keys[0])
    for key in keys:  # from the disk into the system's memory
        store.get(key)
    began = time.perf_counter()
    for key in keys:
        store.get(key)
    get_us = 1e6 * (time.perf_counter() - began) / len(keys)
    store.close()
    n_mb = (folder / "data.mdb").stat().st_size / 1e6
    speed = n_entries * array.nbytes / put_s / 1e6
    left = f"{n_entries:10}{array.nbytes / 1e3:9.1f}{n_mb:7.0f}{speed:10.0f}"
    return f"{left}{median(open_ms):9.2f}{cold_ms:14.2f}{get_us:8.1f}"


def fill(folder: Path, n_entries: int, array: np.ndarray[Any, Any]) -> None:
    """Put the same array under many keys, and wait until all is on the disk."""
    store = FeatureStore(folder)
    for number in range(n_entries):
        store.put(key_of(number), array)
    store.close()


def key_of(number: int) -> str:
    """Return a key; as with those of sounds, neighbours are far apart."""
    return f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"


def open_store(folder: Path) -> float:
    """Return how long it takes to open a store and get the first entry, in seconds."""
    began = time.perf_counter()
    store = FeatureStore(folder)
    store.get(key_of(0))
    taken_s = time.perf_counter() - began
    store.close()
    return taken_s


def first_of_store(folder: Path) -> object:
    """Open a store and get the first clip."""
    store = FeatureStore(folder, read_only=True)
    return store, store.get(key_of(0))


def first_of_json(path: Path) -> object:
    """Load the notebooks' file."""
    with path.open() as stream:
        value = json.load(stream)
    return value, np.array(value["mfcc"][:10])


def first_of_map(path: Path) -> object:
    """Map an array and copy the first clip."""
    mapped = np.load(path, mmap_mode="r")
    return mapped, mapped[:10].copy()


def write_files(folder: Path) -> dict[str, tuple[Callable[[Path], object], Path]]:
    """Write 200 clips of ten segments three ways, and return how each is opened."""
    segments = np.random.default_rng(0).standard_normal((2000, 130, 13), dtype=np.float32)
    fill(folder / "store", 200, np.ascontiguousarray(segments[:10].transpose(0, 2, 1)))
    np.save(folder / "mfcc.npy", segments)
    labels = [number // 200 for number in range(2000)]
    value = {"mapping": [str(number) for number in range(10)], "mfcc": segments.tolist(), "labels": labels}
    (folder / "data.json").write_text(json.dumps(value, indent=4))
    return {
        "json.load, the notebooks'": (first_of_json, folder / "data.json"),
        "np.load with a memory map": (first_of_map, folder / "mfcc.npy"),
        "FeatureStore": (first_of_store, folder / "store"),
    }


def in_new_process(opening: Callable[[Path], object], path: Path) -> tuple[float, float]:
    """Return the time that an opening takes in a process of its own, in seconds, and the memory, in MB."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure_opening, (opening, path))


def measure_opening(opening: Callable[[Path], object], path: Path) -> tuple[float, float]:
    """Return the time of an opening, in seconds, and how much more memory is in use after it, in MB."""
    before_mb, began = resident_mb(), time.perf_counter()
    opened = opening(path)
    taken_s, more_mb = time.perf_counter() - began, resident_mb() - before_mb
    del opened
    return taken_s, more_mb


def resident_mb() -> float:
    """Return the memory that this process has in use; nan where there is no /proc."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return math.nan
    return int(statm.read_text().split()[1]) * resource.getpagesize() / 1e6


def forget(path: Path) -> None:
    """Ask the system to forget what it remembers of a file, where it can be asked."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as stream:
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


if __name__ == "__main__":
    main()
