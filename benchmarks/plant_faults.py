"""Plants faults in a copy of a data set, so that what an audit finds can be counted.

Run it as `.venv/bin/python benchmarks/plant_faults.py ../shared/data/esc10 -o planted --seed 0`. The copy is laid out
as an ESC-50 checkout; `truth.json` in it says which clips are faulty, and how.
"""

import argparse
import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

FloatArray = npt.NDArray[np.float32]
Row = dict[str, str]

COUNTS = {
    "exact-repeat": 12,
    "near-repeat": 12,
    "excerpt": 5,
    "label": 24,
    "truncated": 5,
    "silent": 4,
    "clipped": 4,
    "not-finite": 3,
}
GAIN_DB = -6.0
TRIM_S = 0.3
EXCERPT_S = (1.5, 3.0)
LEAST_HEARD_S = 1.0  # a source of near repeats has sound for so long, also in the part that is kept
CODECS = ("ogg", "mp3")  # Vorbis at its lowest quality (about 30 to 45 kbit/s), MP3 at a constant 32 kbit/s
BLOCK_SAMPLES = 1 << 16  # libsndfile overflows its stack when a long Vorbis is written in one go


@dataclass
class Planting:
    """What is planted where.

    Attributes:
        source: The data set that is copied.
        folder: The copy.
        rows: The rows of its table, by file name.
        rng: Chooses clips and how they are changed.
        truth: What was planted: kind to a list of facts.
        touched: Clips that have a part in a fault.
    """

    source: Path
    folder: Path
    rows: dict[str, Row]
    rng: np.random.Generator
    truth: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)

    def draw(self, is_fit: Callable[[str], bool] = lambda _: True) -> str:
        """Return the name of a clip that nothing was done to yet."""
        for name in self.rng.permutation(sorted(set(self.rows) - self.touched)):
            if is_fit(str(name)):
                self.touched.add(str(name))
                return str(name)
        raise SystemExit("the data set has too few clips for so many faults")

    def note(self, kind: str, **facts: Any) -> None:  # noqa: ANN401 - what JSON holds
        """Note what was planted."""
        self.truth.setdefault(kind, []).append(facts)

    def path(self, name: str) -> Path:
        """Return where a clip of the copy lies."""
        return self.folder / "audio" / name

    def read(self, name: str) -> tuple[FloatArray, int]:
        """Return a clip's sound and rate."""
        waveform, sample_rate = soundfile.read(self.path(name), dtype="float32")
        return waveform, sample_rate

    def add_row(self, name: str, like: str) -> None:
        """Give a new clip a row: as if it had been recorded by somebody else, in a fold of its own choice."""
        folds = sorted({row["fold"] for row in self.rows.values()})
        fold = str(self.rng.choice(folds))
        self.rows[name] = self.rows[like] | {"filename": name, "fold": fold, "src_file": Path(name).stem}
        self.touched.add(name)

    def new_name(self, like: str, suffix: str) -> str:
        """Return a name that says nothing of the clip that a sound was taken from."""
        target = self.rows[like]["target"]
        while True:
            name = f"9-{self.rng.integers(100_000, 999_999)}-A-{target}{suffix}"
            if name not in self.rows:
                return name


def main() -> None:
    """Copy, plant, and say where the truth is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="an ESC-50 checkout, such as ../shared/data/esc10")
    parser.add_argument("-o", "--out", type=Path, required=True, help="where the copy is to be; must not be there")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    truth = plant(options.data, options.out, seed=options.seed)
    for kind, facts in truth.items():
        print(f"{kind}: {len(facts)}")
    print(options.out / "truth.json")


def plant(source: Path, folder: Path, *, seed: int) -> dict[str, list[dict[str, Any]]]:
    """Copy a data set, plant all faults, and return what they are."""
    if folder.exists():
        raise SystemExit(f"{folder} is there already: name another folder")
    (folder / "meta").mkdir(parents=True)
    shutil.copytree(source / "audio", folder / "audio")
    with (source / "meta" / "esc50.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["filename"]: row for row in csv.DictReader(stream)}
    planting = Planting(source, folder, rows, np.random.default_rng(seed))
    for kind, plant_one in PLANTS.items():
        for number in range(COUNTS[kind]):
            plant_one(planting, number)
    write_table(folder / "meta" / "esc50.csv", list(planting.rows.values()))
    truth = planting.truth | {"untouched": [{"clip": name} for name in sorted(set(planting.rows) - planting.touched)]}
    (folder / "truth.json").write_text(json.dumps({"seed": seed, "truth": truth}, indent=1) + "\n", encoding="utf-8")
    return truth


def plant_exact(planting: Planting, number: int) -> None:
    """Copy a clip under another name; every other copy is written anew in a container that loses nothing."""
    name = planting.draw()
    if number % 2:
        copy = planting.new_name(name, ".flac")
        waveform, sample_rate = planting.read(name)
        # As whole numbers: libsndfile would scale by 32767, and the decoded samples would no longer be the same.
        steps = np.clip(np.rint(waveform * 32768), -32768, 32767).astype(np.int16)
        soundfile.write(planting.path(copy), steps, sample_rate, subtype="PCM_16")
    else:
        copy = planting.new_name(name, Path(name).suffix)
        shutil.copyfile(planting.path(name), planting.path(copy))
    planting.add_row(copy, name)
    planting.note("exact-repeat", clip=copy, of=name)


def plant_near(planting: Planting, number: int) -> None:
    """Encode a clip anew at a low bitrate, 6 dB softer, with 0.3 s taken off at its beginning or end."""

    def trimmed(waveform: FloatArray, sample_rate: int) -> FloatArray:
        n_samples = round(TRIM_S * sample_rate)
        return waveform[:-n_samples] if number % 4 < 2 else waveform[n_samples:]  # noqa: PLR2004 - by turns

    name = planting.draw(lambda clip: heard_s(trimmed(*(read := planting.read(clip))), read[1]) >= LEAST_HEARD_S)
    waveform, sample_rate = planting.read(name)
    codec = CODECS[number % 2]
    copy = planting.new_name(name, f".{codec}")
    softer = trimmed(waveform, sample_rate) * np.float32(10 ** (GAIN_DB / 20))
    write_lossy(planting.path(copy), softer, sample_rate)
    planting.add_row(copy, name)
    planting.note("near-repeat", clip=copy, of=name, codec=codec, trimmed="end" if number % 4 < 2 else "start")  # noqa: PLR2004


def plant_excerpt(planting: Planting, number: int) -> None:
    """Write a part of a clip as a clip."""
    del number
    length_s = planting.rng.uniform(*EXCERPT_S)
    where = planting.rng.random()

    def cut(waveform: FloatArray, sample_rate: int) -> FloatArray:
        n_samples = round(length_s * sample_rate)
        start = int(where * max(0, len(waveform) - n_samples))
        return waveform[start : start + n_samples]

    name = planting.draw(lambda clip: heard_s(cut(*(read := planting.read(clip))), read[1]) >= LEAST_HEARD_S)
    waveform, sample_rate = planting.read(name)
    copy = planting.new_name(name, ".wav")
    soundfile.write(planting.path(copy), cut(waveform, sample_rate), sample_rate, subtype="PCM_16")
    planting.add_row(copy, name)
    planting.note("excerpt", clip=copy, of=name, length_s=round(length_s, 3))


def plant_label(planting: Planting, number: int) -> None:
    """Give a clip the label of another class."""
    del number
    name = planting.draw()
    was = planting.rows[name]
    others = sorted(
        {(row["target"], row["category"]) for row in planting.rows.values()} - {(was["target"], was["category"])}
    )
    target, category = others[int(planting.rng.integers(len(others)))]
    planting.rows[name] = was | {"target": target, "category": category}
    planting.note("label", clip=name, was=was["category"], is_now=category)


def plant_truncated(planting: Planting, number: int) -> None:
    """Cut a file off somewhere after its header."""
    del number
    name = planting.draw()
    content = planting.path(name).read_bytes()
    planting.path(name).write_bytes(content[: int(len(content) * planting.rng.uniform(0.4, 0.9))])
    planting.note("truncated", clip=name)


def plant_silent(planting: Planting, number: int) -> None:
    """Write silence in place of a sound."""
    del number
    name = planting.draw()
    waveform, sample_rate = planting.read(name)
    soundfile.write(planting.path(name), np.zeros_like(waveform), sample_rate)
    planting.note("silent", clip=name)


def plant_clipped(planting: Planting, number: int) -> None:
    """Cut off what is louder than a twelfth to a quarter of the peak, and bring the rest up to full scale."""
    del number
    name = planting.draw(lambda clip: heard_s(*planting.read(clip)) >= LEAST_HEARD_S)
    waveform, sample_rate = planting.read(name)
    ceiling = np.abs(waveform).max() / planting.rng.uniform(4, 12)
    changed = change_file(planting, name, np.clip(waveform / ceiling, -1, 1), sample_rate, "PCM_16")
    planting.note("clipped", clip=changed)


def plant_not_finite(planting: Planting, number: int) -> None:
    """Put NaN or infinity into a few samples."""
    name = planting.draw()
    waveform, sample_rate = planting.read(name)
    places = planting.rng.integers(len(waveform), size=5)
    waveform[places] = np.nan if number % 2 == 0 else np.inf
    changed = change_file(planting, name, waveform, sample_rate, "FLOAT")
    planting.note("not-finite", clip=changed)


PLANTS: dict[str, Callable[[Planting, int], None]] = {
    "exact-repeat": plant_exact,
    "near-repeat": plant_near,
    "excerpt": plant_excerpt,
    "label": plant_label,
    "truncated": plant_truncated,
    "silent": plant_silent,
    "clipped": plant_clipped,
    "not-finite": plant_not_finite,
}


def change_file(planting: Planting, name: str, waveform: FloatArray, sample_rate: int, subtype: str) -> str:
    """Write a clip as WAV in place of what it was, and return its new name."""
    changed = f"{Path(name).stem}.wav"
    planting.path(name).unlink()
    soundfile.write(planting.path(changed), waveform, sample_rate, subtype=subtype)
    planting.rows[changed] = planting.rows.pop(name) | {"filename": changed}
    planting.touched.add(changed)
    return changed


def write_lossy(path: Path, waveform: FloatArray, sample_rate: int) -> None:
    """Write Ogg Vorbis or MP3 at a low bitrate."""
    if path.suffix == ".ogg":
        settings: dict[str, Any] = {"format": "OGG", "subtype": "VORBIS", "compression_level": 1.0}
    else:
        settings = {"format": "MP3", "subtype": "MPEG_LAYER_III", "compression_level": 0.99, "bitrate_mode": "CONSTANT"}
    with soundfile.SoundFile(path, "w", sample_rate, 1, **settings) as sound:
        for start in range(0, len(waveform), BLOCK_SAMPLES):
            sound.write(waveform[start : start + BLOCK_SAMPLES])


def heard_s(waveform: FloatArray, sample_rate: int) -> float:
    """Return for how many seconds a sound is within 40 dB of its loudest tenth of a second, and above -60 dB."""
    n_samples = sample_rate // 10
    parts = waveform[: len(waveform) // n_samples * n_samples].reshape(-1, n_samples)
    power = np.square(parts).mean(axis=1)
    return float(np.count_nonzero(power > max(1e-4 * power.max(initial=0), 1e-6)) / 10)


def write_table(path: Path, rows: list[Row]) -> None:
    """Write the table of the copy."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: row["filename"]))


if __name__ == "__main__":
    main()
