import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.evaluate.clips import majority_vote, mean_log_odds, mean_probabilities

# Segments of four clips, at least one each; eighths, so that sums are exact in every order.
SEGMENTS = st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(0, 8), min_size=3, max_size=3)), max_size=20).map(
    lambda rows: [(0, [8, 0, 0]), (1, [0, 8, 0]), (2, [0, 0, 8]), (3, [4, 4, 0]), *rows]
)


def unpack(rows):
    clip_index, eighths = zip(*rows, strict=True)
    return np.array(eighths) / 8, np.array(clip_index)


def test_the_mean_and_the_vote_can_disagree():
    probabilities = np.array([[0.6, 0.4], [0.6, 0.4], [0.0, 1.0]])
    clip_index = np.zeros(3, dtype=int)
    np.testing.assert_allclose(mean_probabilities(probabilities, clip_index), [[0.4, 0.6]])
    assert majority_vote(probabilities, clip_index).tolist() == [0]


def test_a_tied_vote_goes_to_the_tied_class_with_the_higher_mean():
    # One vote each for 0 and 2; class 1 has the highest mean of all, but no vote.
    probabilities = np.array([[0.48, 0.47, 0.05], [0.0, 0.49, 0.51]])
    assert mean_probabilities(probabilities, np.array([0, 0])).argmax() == 1
    assert majority_vote(probabilities, np.array([0, 0])).tolist() == [2]


@pytest.mark.slow
@given(SEGMENTS, st.randoms(use_true_random=False))
def test_the_order_of_segments_does_not_matter(rows, random):
    shuffled = random.sample(rows, len(rows))
    for answer in (mean_probabilities, majority_vote):
        np.testing.assert_array_equal(answer(*unpack(rows)), answer(*unpack(shuffled)))


@pytest.mark.slow
@given(SEGMENTS, st.permutations(range(4)))
def test_numbering_the_clips_otherwise_reorders_the_answers_alike(rows, order):
    renumbered = [(order[clip], row) for clip, row in rows]
    for answer in (mean_probabilities, majority_vote):
        np.testing.assert_array_equal(answer(*unpack(renumbered))[list(order)], answer(*unpack(rows)))


@pytest.mark.slow
@given(SEGMENTS)
def test_each_clip_is_answered_as_if_it_were_alone(rows):
    probabilities, clip_index = unpack(rows)
    together = mean_probabilities(probabilities, clip_index), majority_vote(probabilities, clip_index)
    for clip in range(4):
        alone = probabilities[clip_index == clip]
        np.testing.assert_allclose(together[0][clip], alone.mean(axis=0), atol=1e-12)
        votes = np.bincount(alone.argmax(axis=1), minlength=3)
        assert votes[together[1][clip]] == votes.max()


def test_one_segment_speaks_for_its_clip():
    probabilities = np.array([[0.2, 0.8]])
    assert mean_probabilities(probabilities, np.array([0])).tolist() == [[0.2, 0.8]]
    assert majority_vote(probabilities, np.array([0])).tolist() == [1]


def test_no_segments_are_no_clips():
    assert mean_probabilities(np.zeros((0, 3)), np.array([])).shape == (0, 3)
    assert majority_vote(np.zeros((0, 3)), np.array([])).shape == (0,)


def test_single_precision_is_added_in_double():
    probabilities = np.full((100_000, 2), [0.1, 0.9], dtype=np.float32)
    means = mean_probabilities(probabilities, np.zeros(100_000, dtype=int))
    np.testing.assert_allclose(means, [[0.1, 0.9]], atol=1e-7)


@pytest.mark.parametrize("answer", [mean_probabilities, majority_vote])
@pytest.mark.parametrize(
    ("probabilities", "clip_index", "message"),
    [
        ([[1.0, 0.0]] * 2, [0], "1 numbers where 2"),
        ([[1.0, 0.0]] * 3, [0, 0, 2], r"1 of 3 clips have no segment \(such as clip 1\)"),
        ([[1.0, 0.0]], [-1], "out of range"),
        ([[np.nan, 0.0], [1.0, 0.0]], [0, 1], "1 of 2 rows"),
        ([1.0, 0.0], [0, 1], "shape"),
    ],
)
def test_segments_that_fit_no_clips_are_refused(answer, probabilities, clip_index, message):
    with pytest.raises(SettingError, match=message):
        answer(np.array(probabilities), np.array(clip_index))


def test_log_odds_of_two_classes_are_the_geometric_mean():
    segments = np.array([[0.5, 0.5], [0.1, 0.9], [0.3, 0.7]])
    found = mean_log_odds(segments, np.array([0, 0, 1]))
    products = np.sqrt(segments[0] * segments[1])
    np.testing.assert_allclose(found, [products / products.sum(), segments[2]])


def test_one_segment_that_is_certain_does_not_decide_alone():
    segments = np.array([[1.0, 0.0]] + [[0.001, 0.999]] * 9)
    assert mean_log_odds(segments, np.zeros(10, dtype=int)).argmax() == 1


def test_log_odds_that_are_certain_on_both_sides_are_still_probabilities():
    found = mean_log_odds(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), np.array([0, 0]))
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert found[0, 0] == pytest.approx(found[0, 1])
