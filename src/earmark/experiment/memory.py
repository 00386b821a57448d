"""What of a test part is not new: the audit of the very clips and split of a run, and repeats of what was learnt."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from earmark._util.progress import Progress
from earmark.audit.audit import Audit, audit_dataset
from earmark.audit.findings import Finding
from earmark.audit.repeats import is_one_sound
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count, listed
from earmark.data.plan import open_planned
from earmark.data.splits import Split
from earmark.experiment.config import RunConfig
from earmark.experiment.prepare import Prepared
from earmark.features.interchange.catalogue import holds_features
from earmark.features.store import FeatureStore


def audit_run(
    config: RunConfig, prepared: Prepared, *, store: FeatureStore, progress: Progress | None = None
) -> Audit | None:
    """Look at files, sound and repeats of the clips that a run works on, in its groups and by its split.

    The bad files are looked at too, though they have no part. Return nothing where there are features and no sounds.

    Args:
        config: Where the clips are.
        prepared: The clips and their split.
        store: Where what was measured is kept.
        progress: Is told how far it is.
    """
    if holds_features(config.data.path):
        return None
    dataset = prepared.dataset
    clips = Dataset([*dataset, *_bad_clips(config, prepared)], root=dataset.root)
    return audit_dataset(clips, split=prepared.split, store=store, quick=True, progress=progress)


def repeats_of_learnt(findings: Sequence[Finding], dataset: Dataset, split: Split) -> dict[str, str]:
    """Return the clips of the test part that are the same sound, exactly or nearly, as one that is learnt from.

    Args:
        findings: What an audit of the clips found; only repeats that `is_one_sound` takes for one matter.
        dataset: The clips.
        split: Their split; the validation part is learnt from, since it chooses the weights.

    Returns:
        By the address of each such clip, in the order of the data set, that of the one it repeats, or hangs together
        with by way of others.
    """
    beside: dict[str, list[str]] = defaultdict(list)
    for finding in findings:
        if is_one_sound(finding):
            first, *others = finding.clips
            for other in others:
                beside[first].append(other)
                beside[other].append(first)
    learnt = [dataset[index].address for index in (*split.train, *split.validation)]
    learnt_as = {address: address for address in learnt}
    waiting = [address for address in learnt if address in beside]
    for address in waiting:  # grows while it is gone through: the nearest first
        for other in beside[address]:
            if other not in learnt_as:
                learnt_as[other] = learnt_as[address]
                waiting.append(other)
    tested = (dataset[index].address for index in split.test)
    return {address: learnt_as[address] for address in tested if address in learnt_as}


def describe_repeats(repeats: Mapping[str, str], n_tested: int, n_equal: int = 0) -> str:
    """Return in one line how much of a test part repeats what was learnt from, with the clips named.

    Args:
        repeats: What `repeats_of_learnt` returns, not empty.
        n_tested: Number of clips in the test part.
        n_equal: Number of those that repeat something whose files are equal to one learnt from.
    """
    named = listed(f"{tested} ({learnt})" for tested, learnt in repeats.items())
    verb = "is" if len(repeats) == 1 else "are"
    equal = f"; {n_equal} of them byte for byte the same" if n_equal else ""
    return (
        f"{count(len(repeats), 'clip')} of the {n_tested} of the test part {verb} the same sound, or nearly, as one "
        f"learnt from: {named}{equal}; this much of the score is memory: give repeats one group, or keep one of each"
    )


def _bad_clips(config: RunConfig, prepared: Prepared) -> list[Clip]:
    """Return the clips that could not be used, which the prepared data set has no more."""
    bad = {file.name for file in prepared.bad}
    if not bad:
        return []
    data = config.data
    everything = open_planned(
        data.path,
        plan=config.split.plan,
        group_column=data.group_column,
        group_pattern=data.group_pattern,
        group_tag=data.group_tag,
    )
    used = {clip.address for clip in prepared.dataset}
    return [clip for clip in everything if clip.name in bad and clip.address not in used]
