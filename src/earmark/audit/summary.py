"""What a data set holds, in numbers: by class and in all."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

from earmark.audit.measure import Measured, Measures
from earmark.data.dataset import Dataset, distinct_folds

Value = TypeVar("Value", int, str)


@dataclass(frozen=True, kw_only=True)
class ClassSummary:
    """One class, or all of them.

    Attributes:
        label: The class; nothing for all of them.
        n_clips: How many clips.
        n_groups: How many groups they are of.
        n_unusable: How many of them cannot be read.
        total_s: Their length together, in seconds, as far as they can be read; so all below.
        shortest_s: The shortest clip.
        median_s: The typical clip.
        longest_s: The longest clip.
        median_db: The typical level, in dB re full scale.
        lowest_db: The level that a tenth of the clips is below.
        highest_db: The level that a tenth of the clips is above.
        median_bandwidth_hz: Up to which frequency the typical clip holds something.
    """

    label: str
    n_clips: int
    n_groups: int
    n_unusable: int
    total_s: float
    shortest_s: float
    median_s: float
    longest_s: float
    median_db: float
    lowest_db: float
    highest_db: float
    median_bandwidth_hz: float


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a data set holds.

    Attributes:
        name: The folder or table.
        is_labelled: Whether the clips have labels.
        folds: The published folds; nothing where there are none.
        whole: All clips.
        classes: The classes, sorted by name.
        sample_rates: How many clips of each rate in Hz, the commonest first; so the next two.
        channels: How many clips of each number of channels.
        formats: How many clips of each container and subtype, such as ``OGG VORBIS``.
        notes: What was left out when the data set was opened.
    """

    name: str
    is_labelled: bool
    folds: tuple[int, ...]
    whole: ClassSummary
    classes: tuple[ClassSummary, ...]
    sample_rates: dict[int, int]
    channels: dict[int, int]
    formats: dict[str, int]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        whole = asdict(self.whole)
        del whole["label"]
        return {
            "name": self.name,
            **whole,
            "n_classes": len(self.classes) if self.is_labelled else 0,
            "folds": list(self.folds),
            "classes": [asdict(part) for part in self.classes] if self.is_labelled else [],
            "sample_rates": {str(rate): number for rate, number in self.sample_rates.items()},
            "channels": {str(number): n_clips for number, n_clips in self.channels.items()},
            "formats": self.formats,
            "notes": list(self.notes),
        }


def summarise(dataset: Dataset, measures: Measures, *, name: str | None = None) -> Summary:
    """Return what a data set holds, in numbers.

    Args:
        dataset: The clips; a label that is empty stands for none.
        measures: What was measured of them.
        name: What it is called; None for the name of its folder.
    """
    sounds = measures.sounds
    parts = {label: [index for index, clip in enumerate(dataset) if clip.label == label] for label in dataset.labels}
    by_index = {sound.index: sound for sound in sounds}
    return Summary(
        name=dataset.root.absolute().name if name is None else name,
        is_labelled=any(dataset.labels),
        folds=distinct_folds(dataset),
        whole=_summarise("", dataset, range(len(dataset)), by_index),
        classes=tuple(_summarise(label, dataset, indices, by_index) for label, indices in parts.items()),
        sample_rates=_counted(sound.sample_rate for sound in sounds),
        channels=_counted(sound.n_channels for sound in sounds),
        formats=_counted(f"{sound.container} {sound.subtype}" for sound in sounds),
        notes=dataset.notes,
    )


def _summarise(label: str, dataset: Dataset, indices: Sequence[int], by_index: dict[int, Measured]) -> ClassSummary:
    sounds = [by_index[index] for index in indices if index in by_index]
    durations = np.array([sound.duration_s for sound in sounds] or [0.0])
    levels = np.array([sound.rms_db for sound in sounds] or [0.0])
    low, middle, high = np.percentile(levels, [10, 50, 90]).tolist()
    return ClassSummary(
        label=label,
        n_clips=len(indices),
        n_groups=len({dataset[index].group for index in indices}),
        n_unusable=len(indices) - len(sounds),
        total_s=round(float(durations.sum()), 3),
        shortest_s=round(float(durations.min()), 3),
        median_s=round(float(np.median(durations)), 3),
        longest_s=round(float(durations.max()), 3),
        median_db=round(middle, 1),
        lowest_db=round(low, 1),
        highest_db=round(high, 1),
        median_bandwidth_hz=round(float(np.median([sound.bandwidth_hz for sound in sounds] or [0.0]))),
    )


def _counted(values: Iterable[Value]) -> dict[Value, int]:
    return dict(sorted(Counter(values).items(), key=lambda item: (-item[1], str(item[0]))))
