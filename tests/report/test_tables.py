from dataclasses import replace

import pytest

from earmark.report.results import ScoredClip, read_results
from earmark.report.tables import (
    class_lines,
    commonest_confusions,
    commonest_share,
    data_rows,
    matrix_rows,
    score_rows,
    worst_mistakes,
)


@pytest.fixture
def results(runs, tmp_path):
    """Dogs: one right, two for rain, one for owl; owls: both right; rain: one right; wolf: learnt only."""
    labels = ("dog", "owl", "rain", "wolf")
    heard = [("dog", "dog"), ("dog", "rain"), ("dog", "rain"), ("dog", "owl"), ("owl", "owl"), ("owl", "owl")]
    heard.append(("rain", "rain"))
    items = [
        runs.Item(f"{n}.wav", label, f"g{n // 2}", "test", runs.sure(labels, said))
        for n, (label, said) in enumerate(heard)
    ]
    items += [runs.Item(f"t{n}.wav", "wolf", "pack", "train") for n in range(3)]
    run = runs.write(tmp_path / "run", items, data_path="/data", labels=labels)
    return read_results(run)


def test_scores_are_per_clip_by_vote_and_per_segment(results):
    rows = score_rows(results.scorecard)
    assert [row.name for row in rows] == ["Per clip", "Per clip, by vote", "Per segment"]
    assert [row.noun for row in rows] == ["clips", "clips", "segments"]
    assert rows[0].accuracy == results.scorecard.clip.accuracy


def test_the_baseline_stands_last_and_apart(small_run):
    rows = score_rows(read_results(small_run).scorecard)
    assert (rows[-1].name, rows[-1].is_baseline) == ("SVM baseline", True)
    assert not any(row.is_baseline for row in rows[:-1])


def test_the_share_of_the_most_common_class_is_known(results):
    assert commonest_share(results.scorecard) == pytest.approx(4 / 7)


def test_a_row_of_the_matrix_counts_what_a_class_was_taken_for(results):
    dog, *_, wolf = matrix_rows(results.scorecard)
    assert (dog.label, dog.n, [cell.n for cell in dog.cells]) == ("dog", 4, [1, 1, 2, 0])
    assert [cell.level for cell in dog.cells] == [3, 3, 5, 0]
    assert (wolf.n, {cell.level for cell in wolf.cells}) == (0, {0})


def test_a_single_clip_of_very_many_is_still_seen(results):
    clip = replace(results.scorecard.clip, confusion=((999, 1, 0, 0), *results.scorecard.clip.confusion[1:]))
    dog, *_ = matrix_rows(replace(results.scorecard, clip=clip))
    assert [cell.level for cell in dog.cells] == [10, 1, 0, 0]


def test_confusions_are_sorted_by_how_often(results):
    pairs = commonest_confusions(results.scorecard)
    assert [(pair.label, pair.predicted, pair.n, pair.n_label) for pair in pairs] == [
        ("dog", "rain", 2, 4),
        ("dog", "owl", 1, 4),
    ]


def test_the_weakest_class_is_first_and_the_untested_last(results):
    lines = class_lines(results.scorecard)
    assert [line.scores.label for line in lines] == ["dog", "rain", "owl", "wolf"]
    assert (lines[0].confused.predicted, lines[0].confused.n) == ("rain", 2)
    assert all(line.confused is None for line in lines[1:])


def test_the_data_are_counted_by_class_part_and_group(results):
    rows = {row.label: [(part.n_clips, part.n_groups) for part in row.counts] for row in data_rows(results)}
    assert rows["dog"] == [(0, 0), (0, 0), (4, 2), (4, 2)]
    assert rows["wolf"] == [(3, 1), (0, 0), (0, 0), (3, 1)]
    assert rows["All"] == [(3, 1), (0, 0), (7, 4), (10, 5)]


def test_the_worst_mistakes_are_the_surest():
    def scored(place, predicted, probability):
        return ScoredClip(
            place=place,
            name=str(place),
            label="dog",
            predicted=predicted,
            predicted_probability=probability,
            label_probability=0.0,
        )

    clips = [scored(0, "owl", 0.5), scored(1, "dog", 0.99), scored(2, "owl", 0.9), scored(3, "rain", 0.5)]
    assert [clip.place for clip in worst_mistakes(clips, 12)] == [2, 0, 3]
    assert [clip.place for clip in worst_mistakes(clips, 1)] == [2]
