"""What a run comes to, in a few plain sentences."""

from collections.abc import Mapping, Sequence

from earmark.data.dataset import count
from earmark.evaluate.scorecard import Scorecard
from earmark.report.results import RunResults, SplitClip

_SPELLED = {"svm": "SVM"}
_ENDINGS = {
    "patience": "It ended by itself, when the validation score no longer rose.",
    "max_epochs": "It ended at the number of epochs that was set.",
    "interrupted": "It was interrupted; what it had learnt by then was kept.",
    "diverged": "It broke off because the loss was no longer finite; an epoch from before that was kept. "
    "A lower learning rate helps.",
}


def verdict(results: RunResults) -> list[str]:
    """Return how good the classifier is, how far to trust that, and whether it was worth its effort."""
    sentences = [results.scorecard.sentence(), describe_split(results.clips)]
    if results.scorecard.baseline is not None:
        sentences.append(compare_with_baseline(results.scorecard, network=results.network))
    return sentences


def describe_split(clips: Sequence[SplitClip]) -> str:
    """Return who was heard in training and who was not, after checking it on the clips themselves.

    >>> clip = dict(name="", label="dog")
    >>> print(describe_split([SplitClip(group="a", part="train", **clip), SplitClip(group="b", part="test", **clip)]))
    It learnt from 1 clip, was adjusted on 0 and was tested once on 1. The 2 clips are of 2 groups, and no ...
    """
    n_in = {part: sum(clip.part == part for clip in clips) for part in ("train", "validation", "test")}
    groups = {clip.group for clip in clips}
    torn = groups_on_two_sides(clips)
    learning = (
        f"It learnt from {count(n_in['train'], 'clip')}, was adjusted on {n_in['validation']} and was tested "
        f"once on {n_in['test']}. The {count(len(clips), 'clip')} are of {count(len(groups), 'group')}, and "
    )
    if torn:
        return f"{learning}{count(len(torn), 'group')} on two sides of the split: the score is too good to be true."
    return f"{learning}no group is on two sides of the split."


def groups_on_two_sides(clips: Sequence[SplitClip]) -> list[str]:
    """Return the groups that are in more than one part, sorted."""
    parts: dict[str, set[str]] = {}
    for clip in clips:
        if clip.part:
            parts.setdefault(clip.group, set()).add(clip.part)
    return sorted(group for group, sides in parts.items() if len(sides) > 1)


def compare_with_baseline(scorecard: Scorecard, *, network: str) -> str:
    """Return whether the network is better than the baseline, and whether that may be chance.

    Args:
        scorecard: The scores, with a baseline.
        network: The name of the network.
    """
    if scorecard.baseline is None:
        return "There is no baseline to compare with."
    ours, theirs = scorecard.clip.accuracy, scorecard.baseline.clip.accuracy
    simple = f"the {_SPELLED.get(scorecard.baseline.name, scorecard.baseline.name)} baseline"
    who = f"The classifier ({network})"
    points = f"{abs(100 * (ours.value - theirs.value)):.1f} points"
    if ours.value < theirs.value:
        return f"{who} does not beat {simple}: it is {points} behind this much simpler method."
    if ours.value == theirs.value:
        return f"{who} does not beat {simple}: both are equally good on these clips."
    if ours.low is None:
        return f"{who} is {points} ahead of {simple}; with one group only, nobody can say whether that is chance."
    if ours.low <= theirs.value:
        return (
            f"{who} is {points} ahead of {simple}, but not beyond its interval, in which the baseline's score lies: "
            "the lead may be chance."
        )
    return f"{who} beats {simple} by {points}: the whole interval lies above the baseline's score."


def cautions(results: RunResults) -> list[str]:
    """Return what a reader must know before trusting the score; nothing where all is as it should be."""
    found = []
    clips = results.clips
    if len({clip.group for clip in clips}) == len(clips):
        found.append(
            "Every clip counts as a group of its own. Where several clips come from one recording, session or artist, "
            "the score is too good: train with a group column or a group pattern that says what belongs together."
        )
    untested = [row.label for row in results.scorecard.clip.classes if row.n == 0]
    if untested:
        found.append(f"Learnt, but not tested, as the test part holds no clip of it: {', '.join(untested)}.")
    n_twice = len(_heard_twice(results))
    if memory := str(results.environment.get("memory", "")):
        found.append(f"{memory}.")
    elif n_twice:
        found.append(
            f"{count(n_twice, 'file')} of the test part {'is' if n_twice == 1 else 'are'} byte for byte the same as a "
            "file that was learnt from: this much of the score is memory."
        )
    return found


def _heard_twice(results: RunResults) -> set[str]:
    content = {sound.name: sound.content for sound in results.sounds if sound.content}
    learnt = {content.get(clip.name) for clip in results.clips if clip.part in {"train", "validation"}}
    return {clip.name for clip in results.clips if clip.part == "test" and content.get(clip.name, "") in learnt}


def describe_ending(results: RunResults) -> str:
    """Return how the training ended; nothing for what is not trained in epochs."""
    return _ENDINGS.get(str(results.environment.get("training_ended", "")), "")


def describe_course(results: RunResults) -> list[str]:
    """Return whether the training overfitted and what to try, as the run itself said; nothing where it said nothing."""
    said = results.environment.get("verdict", {})
    sentences = said.get("sentences", []) if isinstance(said, Mapping) else []
    return [str(sentence).replace(" %", "\N{NO-BREAK SPACE}%") for sentence in sentences]
