"""What a run comes to, in a few plain sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from earmark.data.dataset import count
from earmark.evaluate.scorecard import Scorecard
from earmark.report.results import FoldResults, RunResults, SplitClip
from earmark.report.tables import class_lines

_WIDE = 0.2
_SPELLED = {"svm": "SVM"}
_ENDINGS = {
    "patience": "It ended by itself, when the validation score no longer rose.",
    "max_epochs": "It ended at the number of epochs that was set.",
    "interrupted": "It was interrupted; what it had learnt by then was kept.",
    "diverged": "It broke off because the loss was no longer finite; an epoch from before that was kept. "
    "A lower learning rate helps.",
}


def verdict(results: RunResults) -> list[str]:
    """Return in three sentences how good the classifier is, how far to trust that, and what limits it most."""
    split = describe_folds(results.folds, results.clips) if results.folds else describe_split(results.clips)
    return [results.scorecard.sentence(), split, what_limits(results)]


def what_limits(results: RunResults) -> str:
    """Return what limits a classifier most, or its score: too simple a rival, too few groups, or a class."""
    card = results.scorecard
    if card.baseline is not None and card.clip.accuracy.value <= card.baseline.clip.accuracy.value:
        return compare_with_baseline(card, network=results.network)
    low, high = card.clip.accuracy.low, card.clip.accuracy.high
    if low is None or high is None:
        return "What limits it: all clips that were tested are of one group, so nobody can say how sure the score is."
    if high - low > _WIDE:
        return (
            f"What limits it most is how little was tested: {count(card.n_groups, 'group')} leave a range of "
            f"{100 * (high - low):.0f} points."
        )
    tested = [line for line in class_lines(card) if line.scores.n]
    if not tested or tested[0].confused is None:
        return "Nothing in the test part limits it: what it gets wrong must be looked for among other sounds."
    worst, pair = tested[0].scores, tested[0].confused
    return (
        f"What limits it most is {worst.label}: {100 * worst.recall:.0f} % of its {count(worst.n, 'clip')} are found, "
        f"and {pair.n} {'is' if pair.n == 1 else 'are'} taken for {pair.predicted}."
    )


def describe_folds(folds: Sequence[FoldResults], clips: Sequence[SplitClip]) -> str:
    """Return how clips were tested in a cross-validation, after checking it on the clips of every fold.

    Args:
        folds: The folds.
        clips: Every clip, with the fold that tested it for a part.
    """
    n_tested = sum(bool(clip.part) for clip in clips)
    torn = sorted({group for fold in folds for group in groups_on_two_sides(fold.clips)})
    tested = (
        f"Each of {count(n_tested, 'clip')} was tested once, by the one of {len(folds)} classifiers that had not "
        f"learnt from its fold; they are of {count(len({clip.group for clip in clips if clip.part}), 'group')}, and "
    )
    if torn:
        return f"{tested}{count(len(torn), 'group')} on two sides of a split: the score is too good to be true."
    return f"{tested}no group is on two sides of any split."


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
    n_unknown = sum(not clip.is_known for clip in results.scored)
    if n_unknown:
        found.append(
            f"{count(n_unknown, 'clip')} of the test part {'has' if n_unknown == 1 else 'have'} NaN or infinite "
            "probabilities: nothing can be said of these, and no score below counts on them rightly."
        )
    strange = sorted({clip.label for clip in results.scored} - set(results.scorecard.labels))
    if strange:
        found.append(f"Tested, but unknown to the classifier, so never right: {', '.join(strange)}.")
    tested = {clip.label for clip in results.scored}
    if len(tested) == 1:
        found.append(
            f"Every clip of the test part is {next(iter(tested))}: the score says how often that is found, and nothing "
            "of what else is taken for it."
        )
    if results.epochs and not any(clip.part == "validation" for clip in results.clips):
        found.append(
            "There was no validation part: nothing told when to stop, and the probabilities could not be calibrated."
        )
    n_twice = len(_heard_twice(results))
    memories = _memories(results)
    found += memories
    if n_twice and not memories:
        found.append(
            f"{count(n_twice, 'file')} of the test part {'is' if n_twice == 1 else 'are'} byte for byte the same as a "
            "file that was learnt from: this much of the score is memory."
        )
    return found


def _memories(results: RunResults) -> list[str]:
    """Return what the run, or each fold, said of test sounds that are repeats of learnt ones."""
    if not results.folds:
        memory = str(results.environment.get("memory", ""))
        return [f"{memory}."] if memory else []
    told = [(fold.fold, str(fold.environment.get("memory", ""))) for fold in results.folds]
    return [f"Fold {fold}: {memory}." for fold, memory in told if memory]


def _heard_twice(results: RunResults) -> set[str]:
    if results.folds:
        return set().union(*(_heard_twice(_as_run(results, fold)) for fold in results.folds))
    content = {sound.name: sound.content for sound in results.sounds if sound.content}
    learnt = {content.get(clip.name) for clip in results.clips if clip.part in {"train", "validation"}}
    return {clip.name for clip in results.clips if clip.part == "test" and content.get(clip.name, "") in learnt}


def _as_run(results: RunResults, fold: FoldResults) -> RunResults:
    return replace(results, clips=fold.clips, folds=())


def describe_ending(results: RunResults) -> str:
    """Return how the training ended; nothing for what is not trained in epochs."""
    return _ENDINGS.get(str(results.environment.get("training_ended", "")), "")


def describe_course(results: RunResults) -> list[str]:
    """Return whether the training overfitted and what to try, as the run itself said; nothing where it said nothing."""
    said = results.environment.get("verdict", {})
    sentences = said.get("sentences", []) if isinstance(said, Mapping) else []
    return [str(sentence).replace(" %", "\N{NO-BREAK SPACE}%") for sentence in sentences]
