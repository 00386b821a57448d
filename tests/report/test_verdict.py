import re
from dataclasses import replace

import pytest

from earmark.evaluate.intervals import Estimate
from earmark.report.build import render_report
from earmark.report.results import SoundRow, SplitClip, read_results
from earmark.report.verdict import (
    cautions,
    compare_with_baseline,
    describe_course,
    describe_ending,
    describe_split,
    groups_on_two_sides,
    verdict,
)


def clip(name, group, part, label="dog"):
    return SplitClip(name=name, label=label, group=group, part=part)


def scores_of(card, ours, theirs):
    baseline = replace(card.baseline, clip=replace(card.baseline.clip, accuracy=theirs))
    return replace(card, clip=replace(card.clip, accuracy=ours), baseline=baseline)


def estimate(value, low=None, high=None):
    return Estimate(value=value, low=low, high=high)


def test_the_verdict_is_three_sentences_and_begins_with_the_score(small_run):
    results = read_results(small_run)
    sentences = verdict(results)
    assert sentences[0] == results.scorecard.sentence()
    assert "learnt from 2 clips, was adjusted on 2 and was tested once on 2" in sentences[1]
    assert len(sentences) == 3


def test_a_clean_split_is_said_to_be_clean():
    clips = [clip("a", "1", "train"), clip("b", "1", "train"), clip("c", "2", "test")]
    assert describe_split(clips).endswith("The 3 clips are of 2 groups, and no group is on two sides of the split.")


def test_a_group_on_two_sides_is_found_and_said():
    clips = [clip("a", "1", "train"), clip("b", "1", "test"), clip("c", "2", "test")]
    assert groups_on_two_sides(clips) == ["1"]
    assert "1 group on two sides of the split: the score is too good" in describe_split(clips)


def test_a_clip_that_was_left_out_is_on_no_side():
    assert groups_on_two_sides([clip("a", "1", "train"), clip("b", "1", "")]) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (estimate(0.8, 0.7, 0.9), estimate(0.85, 0.7, 0.9), "does not beat the SVM baseline: it is 5.0 points behind"),
        (estimate(0.8, 0.7, 0.9), estimate(0.8, 0.7, 0.9), "does not beat the SVM baseline: both are equally good"),
        (estimate(0.8, 0.7, 0.9), estimate(0.75, 0.6, 0.8), "5.0 points ahead.*may be chance"),
        (estimate(0.8, 0.7, 0.9), estimate(0.7, 0.6, 0.8), "10.0 points ahead.*may be chance"),
        (estimate(0.8, 0.7, 0.9), estimate(0.6, 0.5, 0.65), "beats the SVM baseline by 20.0 points"),
        (estimate(0.8), estimate(0.6), "nobody can say whether that is chance"),
    ],
)
def test_the_baseline_is_compared_honestly(small_run, ours, theirs, said):
    card = scores_of(read_results(small_run).scorecard, ours, theirs)
    sentence = compare_with_baseline(card, network="cnn")
    assert sentence.startswith("The classifier (cnn) ")
    assert re.search(said, sentence), sentence


def test_without_a_baseline_nothing_is_compared(small_run):
    results = read_results(small_run)
    alone = replace(results, scorecard=replace(results.scorecard, baseline=None))
    assert not any("baseline" in sentence for sentence in verdict(alone))


def test_groups_of_one_clip_each_are_a_caution(small_run):
    results = read_results(small_run)
    assert any("a group of its own" in caution for caution in cautions(results))
    together = replace(results, clips=tuple(replace(each, group=each.label) for each in results.clips))
    assert not any("a group of its own" in caution for caution in cautions(together))


def test_a_class_that_was_not_tested_is_a_caution(runs, tmp_path):
    labels = ("dog", "owl", "rain")
    parts = {"dog": "test", "rain": "test", "owl": "train"}
    items = [runs.Item(f"{each}.wav", each, each, parts[each], runs.sure(labels, each)) for each in labels]
    results = read_results(runs.write(tmp_path / "run", items, data_path="/data"))
    assert any(caution.endswith("no clip of it: owl.") for caution in cautions(results))


def test_the_same_file_on_both_sides_is_a_caution(small_run):
    results = read_results(small_run)
    assert not any("byte for byte" in caution for caution in cautions(results))
    copied = {"dog/dog0.wav": "the same", "dog/dog2.wav": "the same"}
    sounds = tuple(
        SoundRow(name=sound.name, content=copied.get(sound.name, sound.content), fault="") for sound in results.sounds
    )
    found = cautions(replace(results, sounds=sounds))
    assert any(caution.startswith("1 file of the test part is byte for byte the same") for caution in found)


def test_what_a_run_said_of_repeats_in_its_test_part_is_a_caution(small_run):
    results = read_results(small_run)
    said = "2 clips of the 9 of the test part are the same sound, or nearly, as one learnt from: a (b), c (d)"

    assert not any("learnt from" in caution for caution in cautions(results))
    found = cautions(replace(results, environment={**results.environment, "memory": said}))
    assert f"{said}." in found


def test_how_the_training_ended_is_told(small_run):
    results = read_results(small_run)
    assert "ended by itself" in describe_ending(results)
    interrupted = replace(results, environment={**results.environment, "training_ended": "interrupted"})
    assert "interrupted" in describe_ending(interrupted)
    assert describe_ending(replace(results, environment={})) == ""


def test_what_the_training_said_of_itself_is_shown_and_an_older_run_says_nothing(small_run):
    results = read_results(small_run)
    assert describe_course(results) == []
    said = {**results.environment, "verdict": {"kind": "fine", "sentences": ["98.0 % were right.", "It is <fine>."]}}
    told = replace(results, environment=said)
    assert describe_course(told) == ["98.0\N{NO-BREAK SPACE}% were right.", "It is <fine>."]
    assert "It is &lt;fine&gt;." in render_report(told)
    assert describe_course(replace(results, environment={"verdict": "broken"})) == []
