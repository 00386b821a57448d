import numpy as np
import pytest

from earmark.errors import DataError
from earmark.explain.explanation import explain_features
from earmark.explain.profile import Explained, sum_up


@pytest.fixture
def explained(listener):
    """Explain clips for class 0 (dog) whose relevance lies in one bin and one half of the time."""
    graph, blueprint = listener(np.ones((16, 32)))

    def build(name, label, *, number, early=True, strength=1.0, silent=False):
        features = np.zeros((1, 16, 32), dtype=np.float32)
        features[0, number, 2 if early else 28] = 0 if silent else strength
        found = explain_features(graph, blueprint, features, label="dog", n_orders=0)
        return Explained(name=name, label=label, explanation=found)

    return build


def profile_of(profiles, kind="right"):
    return next(one for one in profiles.profiles if one.kind == kind)


def test_each_clip_counts_alike_however_strong_its_relevance_is(explained):
    loud = explained("a", "dog", number=2, strength=100.0)
    soft = explained("b", "dog", number=12, strength=1.0)

    found = profile_of(sum_up([loud, soft]))

    assert found.n_clips == 2
    assert found.over_frequency.sum() == pytest.approx(1.0)
    assert found.over_frequency[[2, 12]] == pytest.approx([found.over_frequency[2]] * 2, rel=0.05)


def test_time_goes_from_the_beginning_of_a_clip_to_its_end(explained):
    late = profile_of(sum_up([explained("a", "dog", number=2, early=False)]))

    assert late.over_time.sum() == pytest.approx(1.0)
    assert late.over_time.argmax() == pytest.approx(50 * 28.5 / 32, abs=1)


def test_right_and_wrong_clips_are_told_apart(explained):
    profiles = sum_up([explained("a", "dog", number=2), explained("b", "rain", number=12)])

    assert {(one.label, one.kind, one.n_clips) for one in profiles.profiles} == {
        ("dog", "right", 1),
        ("dog", "wrong", 1),
    }
    assert profile_of(profiles).over_frequency.argmax() == 2
    assert profile_of(profiles, "wrong").over_frequency.argmax() == 12
    assert [one.is_right for one in profiles.explained] == [True, False]


def test_clips_in_which_nothing_speaks_for_the_class_are_not_counted(explained):
    profiles = sum_up([explained("a", "dog", number=2), explained("b", "dog", number=2, silent=True)])

    assert profile_of(profiles).n_clips == 1
    assert len(profiles.explained) == 2


def test_no_clip_at_all_is_refused():
    with pytest.raises(DataError, match="no clip to sum up"):
        sum_up([])


def test_json_names_the_clips_the_bins_and_what_was_left_out(explained):
    value = sum_up([explained("a.wav", "dog", number=2)], left_out=[("b.wav", "truncated")], notes=["so"]).to_json()

    assert value["clips"][0]["path"] == "a.wav"
    assert value["left_out"] == [{"path": "b.wav", "reason": "truncated"}]
    assert len(value["bins"]) == len(value["profiles"][0]["over_frequency"]) == 16
    assert value["measured"] == 0
    assert value["clips"][0]["beats_random"] is None


def test_the_middle_bin_has_half_below_it(explained):
    assert profile_of(sum_up([explained("a", "dog", number=9)])).middle_bin() == 9
