import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.evaluate.tested import make_tested


def test_the_probabilities_of_a_clip_are_the_mean_of_its_segments(tested):
    one = tested(n_clips=6)
    expected = one.segment_probabilities.reshape(6, 3, 3).mean(axis=1)
    np.testing.assert_allclose(one.clip_probabilities, expected)
    assert one.predicted.tolist() == expected.argmax(axis=1).tolist()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 11), min_size=1, max_size=20))
def test_some_clips_keep_all_that_belongs_to_them(tested, chosen):
    whole = tested(n_clips=12, folds=list(range(12)))

    some = whole.subset(chosen)

    assert some.names == tuple(whole.names[clip] for clip in chosen)
    assert some.folds == tuple(chosen)
    assert some.y.tolist() == whole.y[chosen].tolist()
    np.testing.assert_array_equal(some.clip_probabilities, whole.clip_probabilities[chosen])
    for place, clip in enumerate(chosen):
        np.testing.assert_array_equal(
            some.segment_probabilities[some.clip_index == place], whole.segment_probabilities[whole.clip_index == clip]
        )


def test_no_clips_are_a_part_too(tested):
    assert len(tested().subset([])) == len(tested().subset([]).segment_probabilities) == 0


def test_without_segments_the_clips_stand_in_for_them():
    one = make_tested(labels=["a", "b"], y=[1, 0], groups=["x", "y"], clip_probabilities=[[0.2, 0.8], [0.5, 0.5]])
    np.testing.assert_allclose(one.segments, [[0.2, 0.8], [0.5, 0.5]])
    assert one.segment_clips.tolist() == [0, 1]
    assert one.names == ("0", "1")
    assert one.subset([1]).segment_probabilities is None


def test_rounding_is_taken_out_of_rows():
    one = make_tested(labels=["a", "b"], y=[0], groups=["x"], clip_probabilities=[[0.5004, 0.5004]])
    assert one.clip_probabilities.tolist() == [[0.5, 0.5]]


GIVEN = {
    "labels": ["a", "b"],
    "y": [0, 1],
    "groups": ["x", "y"],
    "segment_probabilities": [[0.5, 0.5], [0.9, 0.1], [0.2, 0.8]],
    "clip_index": [0, 0, 1],
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"segment_probabilities": [[np.nan, 0.5], [0.9, 0.1], [0.2, 0.8]]}, "1 of 3 rows of segment_prob.* NaN"),
        ({"segment_probabilities": [[0.5, np.inf], [0.9, 0.1], [0.2, 0.8]]}, "NaN or infinite"),
        (
            {"segment_probabilities": [[0.6, 0.5], [0.9, 0.1], [0.2, 0.8]]},
            r"1 of 3 rows .* sum to 1 \(such as to 1.1\)",
        ),
        ({"segment_probabilities": [[0.0, 0.0], [0.9, 0.1], [0.2, 0.8]]}, "do not sum to 1"),
        ({"segment_probabilities": [[3.0, -2.0], [0.9, 0.1], [0.2, 0.8]]}, "softmax"),
        ({"segment_probabilities": [[1.0], [1.0], [1.0]]}, r"shape \(n, 2\)"),
        ({"clip_index": [0, 0, 2]}, "out of range"),
        ({"clip_index": [0, 0, 0]}, "1 of 2 clips have no segment"),
        ({"y": [0, 2]}, "numbers of y are out of range"),
        ({"y": []}, "no clips to score"),
        ({"groups": ["x"]}, "1 groups for 2 clips"),
        ({"names": ["x"]}, "1 names for 2 clips"),
        ({"folds": [1]}, "1 folds for 2 clips"),
        ({"labels": ["a", "a"]}, "twice: a"),
        ({"segment_probabilities": None}, "nothing to score"),
        ({"segment_probabilities": None, "clip_probabilities": [[0.5, 0.5]]}, "1 rows of clip_probabilities for 2"),
    ],
)
def test_what_cannot_be_scored_is_refused(changes, message):
    with pytest.raises(SettingError, match=message):
        make_tested(**GIVEN | changes)
