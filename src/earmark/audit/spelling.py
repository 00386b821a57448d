"""Class names that may mean the same, classes too small to split, and classes of very different size."""

import re
import unicodedata
from collections import Counter
from itertools import pairwise

from earmark.audit.findings import Finding, Severity, clip_address
from earmark.data.dataset import Dataset, count, distinct_folds

_SHORTEST = 5  # letters: of shorter names, one letter makes another word (cat and car)
_RARE = 5  # times fewer clips: a slip of the pen is rare
_FEWEST_GROUPS = 3  # to learn from, to choose by, to test on
_WISHED_GROUPS = 5  # for as many folds
_LOPSIDED, _VERY_LOPSIDED = 3.0, 10.0  # times as many clips


def find_spelling_variants(dataset: Dataset) -> list[Finding]:
    """Find class names that differ only in case, blanks, signs or accents, and those that are one letter apart.

    The first are warnings. One letter apart, or a plural, is a warning where one of the two is five times as rare, as
    a slip would be, and else a note. Names that differ in a digit are taken as meant.

    Args:
        dataset: Labelled clips.
    """
    counts = Counter(clip.label for clip in dataset if clip.label)
    plain: dict[str, list[str]] = {}
    for label in sorted(counts):
        plain.setdefault(plain_name(label), []).append(label)
    found = [
        _variants(dataset, counts, first, second, sureness=1.0, how="but for case, blanks, signs or accents")
        for labels in plain.values()
        for first, second in pairwise(sorted(labels, key=lambda label: (-counts[label], label)))
    ]
    for first, second in _near_pairs(sorted(name for name in plain if len(name) >= _SHORTEST)):
        labels = sorted((plain[first][0], plain[second][0]), key=lambda label: (-counts[label], label))
        is_rare = counts[labels[0]] >= _RARE * counts[labels[1]]
        found.append(_variants(dataset, counts, *labels, sureness=0.9 if is_rare else 0.4, how="but for one letter"))
    return found


def find_small_classes(dataset: Dataset) -> list[Finding]:
    """Find classes with too few groups to be split: a part needs one of its own.

    Args:
        dataset: Labelled clips.
    """
    groups_of: dict[str, set[str]] = {}
    for clip in dataset:
        if clip.label:
            groups_of.setdefault(clip.label, set()).add(clip.group)
    wished = max(len(distinct_folds(dataset)), _WISHED_GROUPS)
    if len(groups_of) == 1:
        (label,) = groups_of
        return [_alone(dataset, label)]
    return [
        _small(dataset, label, len(groups_of[label]), wished)
        for label in sorted(groups_of)
        if len(groups_of[label]) < wished
    ]


def find_imbalance(dataset: Dataset) -> list[Finding]:
    """Find out whether one class is much larger than another: three times is a note, ten times a warning.

    Args:
        dataset: Labelled clips.
    """
    counts = Counter(clip.label for clip in dataset if clip.label)
    if not counts:
        return []
    largest, smallest = max(sorted(counts), key=counts.__getitem__), min(sorted(counts), key=counts.__getitem__)
    times = counts[largest] / counts[smallest]
    if times < _LOPSIDED:
        return []
    share = counts[largest] / counts.total()
    return [
        Finding(
            kind="imbalance",
            severity="warning" if times >= _VERY_LOPSIDED else "note",
            clips=(),
            score=1 - 1 / times,
            message=(
                f"{largest!r} has {times:.1f} times as many clips as {smallest!r} ({counts[largest]} and "
                f"{counts[smallest]}): who always says {largest!r} is right in {100 * share:.0f} %"
            ),
            advice="read macro F1 and the rows of the classes, not accuracy; add clips of the rare ones if you can",
        )
    ]


def plain_name(label: str) -> str:
    """Return a class name without what writers differ in: case, blanks, signs, accents.

    >>> plain_name("Clock-Tick"), plain_name("clock_tick"), plain_name("Café")
    ('clocktick', 'clocktick', 'cafe')
    """
    letters = unicodedata.normalize("NFKD", label.casefold())
    kept = re.sub(r"[\W_]", "", "".join(letter for letter in letters if not unicodedata.combining(letter)))
    return kept or label


def is_one_slip(first: str, second: str) -> bool:
    """Return whether one letter too many, too few, other, or swapped with its neighbour makes one name the other.

    A digit is never a slip.

    >>> is_one_slip("rooster", "roster"), is_one_slip("class1", "class2"), is_one_slip("chair", "chari")
    (True, False, True)
    """
    short, long = sorted((first, second), key=len)
    start = next((i for i, (one, other) in enumerate(zip(short, long, strict=False)) if one != other), len(short))
    rest, of_long = short[start:], long[start:]
    changed = rest[:2] + of_long[:2] if rest[:2] == of_long[:2][::-1] else rest[:1] + of_long[:1]
    if first == second or any(letter.isdigit() for letter in changed):
        return False
    if len(short) == len(long):
        is_swapped = rest[:2] == of_long[:2][::-1] and rest[2:] == of_long[2:]
        return is_swapped or rest[1:] == of_long[1:]
    return rest == of_long[1:]


def _near_pairs(names: list[str]) -> list[tuple[str, str]]:
    """Return the pairs of names that are one slip apart, each found under what is left of it without one letter."""
    # Names one slip apart share such a rest (a swap: two): so not all pairs of thousands of names are compared.
    rests: dict[str, list[str]] = {}
    for name in names:
        for rest in {name, *(name[:place] + name[place + 1 :] for place in range(len(name)))}:
            rests.setdefault(rest, []).append(name)
    pairs = {(a, b) for sharing in rests.values() for a in sharing for b in sharing if a < b and is_one_slip(a, b)}
    return sorted(pairs)


def _variants(dataset: Dataset, counts: Counter[str], common: str, rare: str, *, sureness: float, how: str) -> Finding:
    return Finding(
        kind="label",
        severity="warning" if sureness > 0.5 else "note",  # noqa: PLR2004 - rather so than not
        clips=tuple(clip_address(clip) for clip in dataset if clip.label == rare),
        score=sureness,
        message=(
            f"the classes {common!r} ({count(counts[common], 'clip')}) and {rare!r} ({count(counts[rare], 'clip')}) "
            f"are spelt alike {how}"
        ),
        advice=f"if they mean the same, write {common!r} for both",
    )


def _alone(dataset: Dataset, label: str) -> Finding:
    return Finding(
        kind="small-class",
        severity="error",
        clips=(),
        score=1.0,
        message=f"there is one class only, {label!r} ({count(dataset.n, 'clip')}): nothing is to be told apart",
        advice="add clips of another class",
    )


def _small(dataset: Dataset, label: str, n_groups: int, wished: int) -> Finding:
    clips = tuple(clip_address(clip) for clip in dataset if clip.label == label)
    severity: Severity = "warning" if n_groups < _FEWEST_GROUPS else "note"
    lack = {1: "it can be learnt or tested, not both", 2: "it cannot be in train, validation and test"}
    return Finding(
        kind="small-class",
        severity=severity,
        clips=clips,
        score=1 - (n_groups - 1) / wished,
        message=(
            f"the class {label!r} has {count(n_groups, 'group')} ({count(len(clips), 'clip')}): "
            f"{lack.get(n_groups, f'not each of {wished} folds gets one')}"
        ),
        advice="add recordings of other sources, or leave the class out",
    )
