"""The audit of a data set: everything that is looked for, in one call."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from earmark._util.progress import Progress
from earmark.audit.files import find_file_faults
from earmark.audit.findings import Finding, Kind, Severity, by_severity, clip_address
from earmark.audit.labels import find_label_errors
from earmark.audit.leaks import LeakTable, find_leaks, find_torn_sources, measure_leaks
from earmark.audit.measure import Measures, measure_dataset
from earmark.audit.probe import Heard, hear
from earmark.audit.repeats import find_repeats, repeat_groups
from earmark.audit.shortcuts import find_shortcuts
from earmark.audit.sound import find_sound_faults
from earmark.audit.spelling import find_imbalance, find_small_classes, find_spelling_variants
from earmark.audit.summary import Summary, summarise
from earmark.data.dataset import Dataset, count, distinct_folds
from earmark.data.splits import Split
from earmark.errors import SettingError
from earmark.features.store import FeatureStore

SCHEMA = "earmark-audit/1"


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What a data set holds, and all that was found in it.

    Attributes:
        summary: Counts, durations, rates, channels, formats and levels.
        findings: What was found, worst first (`earmark.audit.findings.by_severity`).
        groups: The group of each clip by its address, where repeats were put together; a clip that is not in it keeps
            its own.
        leaks: How a quick model fares by your split and by those of a notebook; None where it was not asked.
    """

    summary: Summary
    findings: tuple[Finding, ...]
    groups: dict[str, str]
    leaks: LeakTable | None = None

    def count(self, severity: Severity) -> int:
        """Return how many findings are of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def of(self, *kinds: Kind) -> list[Finding]:
        """Return the findings of these kinds, in their order."""
        return [finding for finding in self.findings if finding.kind in kinds]

    def sentence(self) -> str:
        """Return in one line what was found: how many of each severity, and of which kinds."""
        if not self.findings:
            return f"{count(self.summary.whole.n_clips, 'clip')} looked at, and nothing found"
        parts = []
        for severity, noun in (("error", "error"), ("warning", "warning"), ("note", "note")):
            kinds = [finding.kind for finding in self.findings if finding.severity == severity]
            if kinds:
                named = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
                parts.append(f"{count(len(kinds), noun)} ({named})")
        return f"{count(self.summary.whole.n_clips, 'clip')} looked at: {', '.join(parts)}"

    def to_json(self) -> dict[str, Any]:
        """Return it as ``earmark inspect --json`` prints it."""
        return {
            "schema": SCHEMA,
            "summary": self.summary.to_json() | {"leaks": self.leaks.to_json() if self.leaks else None},
            "findings": [finding.to_json() for finding in self.findings],
        }


def audit_dataset(
    dataset: Dataset,
    *,
    split: Split | None = None,
    store: FeatureStore | None = None,
    seed: int = 0,
    quick: bool = False,
    n_workers: int | None = None,
    progress: Progress | None = None,
    name: str | None = None,
) -> Audit:
    """Look at a data set before anything is learnt from it.

    Every clip is decoded once. Files, sound and repeats are looked at; then, with labels, whether the rest of the data
    contradicts some, whether something beside the content gives the class away, and what a split leaks. Sound files
    are never touched.

    Args:
        dataset: The clips; labels that are all empty stand for none.
        split: The split about to be used; None for the one that a training would make.
        store: Where what was measured is kept, so that an audit that was cut off goes on where it was; None for
            nowhere.
        seed: The root of all random numbers.
        quick: Whether only files, sound and repeats are looked at, and nothing is learnt.
        n_workers: Number of threads; None for one a processor, at most eight.
        progress: Is told how far it is.
        name: What the data set is called; None for the name of its folder.

    Raises:
        SettingError: `n_workers` is below 1, `seed` below 0, or the split is another data set's.
    """
    if seed < 0:
        raise SettingError(f"seed must be a whole number from 0, not {seed}")
    store = FeatureStore(None) if store is None else store
    measures = measure_dataset(dataset, store=store, n_workers=n_workers, progress=progress)
    repeats = find_repeats(measures, dataset, split=split, progress=progress)
    groups = repeat_groups(dataset, repeats)
    findings = [*find_file_faults(measures, dataset), *find_sound_faults(measures), *repeats]
    findings += find_torn_sources(dataset)
    leaks = None
    if any(dataset.labels):
        findings += [*find_spelling_variants(dataset), *find_small_classes(dataset), *find_imbalance(dataset)]
    if not quick and measures.sounds and len(dataset.labels) > 1:
        find = _Learner(dataset, measures, groups, seed, progress)
        heard = find.hear(store, n_workers)
        # A training would put repeats into one group where the split is still to be made.
        leaking = dataset if split or distinct_folds(dataset) else find.grouped
        leaks = measure_leaks(leaking, heard, split=split, seed=seed, progress=progress)
        findings += [*find.label_errors(heard), *find.shortcuts(), *find_leaks(leaks)]
    return Audit(
        summary=summarise(dataset, measures, name=name),
        findings=tuple(by_severity(findings)),
        groups=groups,
        leaks=leaks,
    )


def quick_audit(
    dataset: Dataset,
    *,
    store: FeatureStore | None = None,
    n_workers: int | None = None,
    progress: Progress | None = None,
    name: str | None = None,
) -> Audit:
    """Look at files, sound and repeats only: what every training does first. See `audit_dataset`."""
    return audit_dataset(dataset, store=store, quick=True, n_workers=n_workers, progress=progress, name=name)


@dataclass(frozen=True)
class _Learner:
    """What is found by learning from the clips: slower than the rest, and for labelled data only."""

    dataset: Dataset
    measures: Measures
    groups: dict[str, str]
    seed: int
    progress: Progress | None

    @property
    def grouped(self) -> Dataset:
        """The clips with repeats in one group."""
        clips = [replace(clip, group=self.groups.get(clip_address(clip), clip.group)) for clip in self.dataset]
        return replace(self.dataset, clips=clips)

    def hear(self, store: FeatureStore, n_workers: int | None) -> Heard:
        """Return statistics of the clips that can be read."""
        typical_s = float(np.median([sound.duration_s for sound in self.measures.sounds]))
        return hear(
            self.dataset,
            store=store,
            typical_s=typical_s,
            seed=self.seed,
            n_workers=n_workers,
            progress=self.progress,
        )

    def label_errors(self, heard: Heard) -> list[Finding]:
        """Return labels that the rest contradicts; a repeat does not speak for itself, being in the same group."""
        return find_label_errors(self.grouped.subset(heard.kept), heard.whole, seed=self.seed, progress=self.progress)

    def shortcuts(self) -> list[Finding]:
        """Return clues beside the content that give the class away."""
        return find_shortcuts(self.dataset, self.measures.sounds, seed=self.seed, progress=self.progress)
