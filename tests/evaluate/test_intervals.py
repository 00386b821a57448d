import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from earmark.errors import SettingError
from earmark.evaluate.intervals import (
    Estimate,
    bootstrap_estimates,
    effective_groups,
    inflated_estimate,
    resampled_estimate,
)
from earmark.evaluate.metrics import accuracy_of_counts, accuracy_score, macro_f1_score

METRICS = {"accuracy": accuracy_score, "macro_f1": macro_f1_score}


def estimates(confusions, **settings_):
    return bootstrap_estimates(np.asarray(confusions), METRICS, rng=np.random.default_rng(0), **settings_)


def accuracy_interval(n_right, n_all, rng, n_resamples=400):
    """Estimate the accuracy of groups of which only the numbers of right and of all answers are known."""
    counts = np.stack([n_right, n_all, n_all], axis=1)[:, :, None]  # (n_groups, 3, 1)
    return bootstrap_estimates(counts, {"accuracy": accuracy_of_counts}, rng=rng, n_resamples=n_resamples)["accuracy"]


def coverage(n_groups, *, by_clip=False, truth=0.75, alike=1 / 3, n_clips=8, is_uneven=False, n_trials=300):
    """Return how often the interval holds the truth, for groups whose own accuracies differ widely.

    `alike` is the correlation of two clips of one group.
    """
    rng = np.random.default_rng(1)
    held, certainty = 0, 1 / alike - 1
    for _ in range(n_trials):
        accuracy = rng.beta(certainty * truth, certainty * (1 - truth), n_groups)
        sizes = rng.geometric(1 / n_clips, n_groups) if is_uneven else np.full(n_groups, n_clips)
        right = rng.random(sizes.sum()) < np.repeat(accuracy, sizes)
        group = np.arange(len(right)) if by_clip else np.repeat(np.arange(n_groups), sizes)
        found = accuracy_interval(np.bincount(group, weights=right), np.bincount(group), rng)
        held += found.low <= truth <= found.high
    return held / n_trials


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_groups", "structure"),
    [
        (20, {}),
        (50, {}),
        (50, {"alike": 0.1}),
        (50, {"is_uneven": True}),
        (100, {"n_clips": 2, "truth": 0.85}),
    ],
)
def test_the_interval_over_groups_holds_the_truth_93_to_97_times_in_100(n_groups, structure):
    assert 0.93 <= coverage(n_groups, n_trials=700, **structure) <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("n_groups", [20, 50])
def test_an_interval_over_clips_that_share_groups_holds_it_far_less_often(n_groups):
    assert coverage(n_groups, by_clip=True, n_trials=60) < 0.8


@pytest.mark.slow
@pytest.mark.parametrize("n_groups", [6, 10])
def test_few_groups_give_an_interval_that_is_rather_too_wide_than_too_narrow(n_groups):
    assert 0.93 <= coverage(n_groups) <= 0.995


@pytest.mark.parametrize("n_groups", [2, 3, 4, 5])
def test_very_few_groups_give_an_interval_that_still_holds_the_truth(n_groups):
    assert coverage(n_groups) >= 0.95


def test_one_group_gives_a_score_without_an_interval():
    found = estimates([[[3, 1], [0, 4]]])
    assert found["accuracy"] == Estimate(value=7 / 8, low=None, high=None)
    assert found["macro_f1"].low is found["macro_f1"].high is None


@pytest.mark.parametrize("n_groups", [2, 5, 6, 30])
@pytest.mark.parametrize("name", ["accuracy", "macro_f1"])
def test_all_groups_right_is_no_certainty(n_groups, name):
    found = estimates([[[2, 0], [0, 3]]] * n_groups)[name]
    assert (found.value, found.high) == (1, 1)
    assert found.low == pytest.approx(0.025 ** (1 / n_groups))


@pytest.mark.parametrize("n_groups", [2, 5, 6, 30])
@pytest.mark.parametrize("name", ["accuracy", "macro_f1"])
def test_all_groups_wrong_is_no_certainty_either(n_groups, name):
    found = estimates([[[0, 2], [3, 0]]] * n_groups)[name]
    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / n_groups))


def test_groups_that_are_all_half_right_are_no_certainty():
    # Every resample scores 0.5 exactly: the interval is that of 10 successes in 20 trials.
    found = estimates([[[1, 1], [0, 0]]] * 20)["accuracy"]
    expected = binomtest(10, 20).proportion_ci(0.95, method="exact")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_the_exact_interval_follows_the_level():
    found = estimates([[[1]]] * 10, level=0.8)["accuracy"]
    assert found.low == pytest.approx(0.1 ** (1 / 10))


def test_a_big_group_weighs_by_its_clips():
    assert estimates([[[9, 0], [0, 0]], [[0, 1], [0, 0]]])["accuracy"].value == 0.9


def test_groups_without_clips_do_not_make_the_interval_narrower():
    groups = [[[1, 1], [0, 2]], [[0, 2], [1, 1]], [[2, 0], [0, 2]]] * 3
    assert estimates([*groups, np.zeros((2, 2))]) == estimates(groups)


def test_more_groups_of_the_same_kind_give_a_narrower_interval():
    groups = [[[1, 1], [0, 2]], [[0, 2], [1, 1]], [[2, 0], [0, 2]]] * 3
    few, many = (estimates(groups * times)["macro_f1"] for times in (1, 9))
    assert many.high - many.low < 0.5 * (few.high - few.low)


def test_the_interval_of_many_groups_is_that_of_the_normal_approximation():
    right = np.arange(400) % 10 < 7  # 70 % of 400 groups of one clip
    found = accuracy_interval(right, np.ones(400), np.random.default_rng(0), n_resamples=4000)
    half_width = 1.96 * np.sqrt(0.7 * 0.3 / 400)
    assert (found.low, found.high) == pytest.approx((0.7 - half_width, 0.7 + half_width), abs=0.005)


CONFUSIONS = st.integers(1, 12).flatmap(
    lambda n: st.lists(st.integers(0, 3), min_size=9 * n, max_size=9 * n).map(lambda c: np.reshape(c, (n, 3, 3)))
)


@pytest.mark.slow
@settings(max_examples=50)
@given(CONFUSIONS.filter(np.any), st.integers(0, 5))
def test_the_score_lies_in_its_interval_and_the_interval_in_0_to_1(confusions, seed):
    found = bootstrap_estimates(confusions, METRICS, rng=np.random.default_rng(seed), n_resamples=30)
    for estimate in found.values():
        if confusions.any(axis=(1, 2)).sum() == 1:
            assert estimate.low is estimate.high is None
        else:
            assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
            assert estimate.low < estimate.high


def test_a_score_that_every_resample_misses_lies_in_its_interval_all_the_same():
    # The share of groups drawn at all is 1 of the whole and about 0.63 of any resample.
    def drawn(sums):
        return (sums > 0).mean(axis=(1, 2))

    def missed(sums):
        return 1 - drawn(sums)

    both = {"drawn": drawn, "missed": missed}
    found = bootstrap_estimates(np.eye(20)[:, None], both, rng=np.random.default_rng(0))
    assert found["drawn"].low < 0.8
    assert found["drawn"].high == found["drawn"].value == 1
    assert found["missed"].high > 0.2
    assert found["missed"].low == found["missed"].value == 0


def test_drawing_in_parts_changes_nothing(monkeypatch):
    groups = [[[1, 1], [0, 2]], [[0, 2], [1, 1]], [[2, 0], [0, 2]]] * 3
    whole = estimates(groups)
    monkeypatch.setattr("earmark.evaluate.intervals._N_NUMBERS_AT_ONCE", 70)
    assert estimates(groups) == whole


@pytest.mark.parametrize("confusions", [np.zeros((3, 2, 2)), np.zeros((0, 2, 2)), np.array([])])
def test_nothing_to_score_is_refused(confusions):
    with pytest.raises(SettingError, match="nothing to score"):
        estimates(confusions)


@pytest.mark.parametrize("settings_", [{"level": 95}, {"level": 0}, {"level": 1.0}, {"n_resamples": 0}])
def test_settings_out_of_range_are_refused(settings_):
    with pytest.raises(SettingError, match="write"):
        estimates([np.eye(2)], **settings_)


def test_an_estimate_reads_well():
    assert str(Estimate(value=0.85, low=0.7621, high=0.925)) == "0.850 (0.762-0.925)"
    assert str(Estimate(value=0.85, low=None, high=None)) == "0.850 (interval unknown)"


# ---------------------------------------------------------------- the interval of given resamples


@settings(max_examples=80, deadline=None)
@given(
    st.floats(0, 1),
    st.lists(st.floats(0, 1), min_size=2, max_size=30),
    st.floats(1.0, 500),
    st.sampled_from([1.0, 2.0, np.inf]),
)
def test_no_resamples_make_an_interval_that_leaves_its_range_or_its_score(share, shares, n_groups, most):
    scale = most if np.isfinite(most) else 50.0
    found = resampled_estimate(share * scale, np.array(shares) * scale, n_groups=n_groups, most=most)
    if found.low is not None:
        assert 0 <= found.low <= found.value <= found.high <= most


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 1), st.lists(st.floats(0, 1), min_size=2, max_size=30), st.floats(1.0, 500))
def test_nor_for_an_error_that_chance_makes_larger(value, resampled, n_groups):
    found = inflated_estimate(value, np.array(resampled), n_groups=n_groups)
    if found.low is not None:
        assert 0 <= found.low <= found.value <= found.high <= 1


def test_a_score_and_its_complement_have_intervals_that_mirror_each_other():
    resampled = np.random.default_rng(0).beta(8, 2, 500)
    right, wrong = (
        resampled_estimate(value, scores, n_groups=20) for value, scores in ((0.8, resampled), (0.2, 1 - resampled))
    )
    assert (right.low, right.high) == pytest.approx((1 - wrong.high, 1 - wrong.low))


def test_a_score_on_a_longer_scale_has_the_same_interval_on_it():
    resampled = np.random.default_rng(0).beta(8, 2, 500)
    one, two = (resampled_estimate(0.8 * k, k * resampled, n_groups=20, most=float(k)) for k in (1, 2))
    assert (two.low, two.high) == pytest.approx((2 * one.low, 2 * one.high))


def test_fewer_groups_give_wider_intervals():
    resampled = np.random.default_rng(0).beta(80, 20, 500)
    widths = [
        found.high - found.low
        for found in (resampled_estimate(0.8, resampled, n_groups=n) for n in (1.1, 2, 3, 5, 10, 100))
    ]
    assert widths == sorted(widths, reverse=True)


def test_a_loss_without_any_spread_has_no_interval():
    assert resampled_estimate(0.7, np.full(10, 0.7), n_groups=20, most=np.inf).low is None


def test_resamples_without_a_score_are_left_out():
    scores = np.random.default_rng(0).beta(8, 2, 500)
    with_gaps = np.concatenate([scores, np.full(50, np.nan)])
    assert resampled_estimate(0.8, with_gaps, n_groups=20) == resampled_estimate(0.8, scores, n_groups=20)
    assert resampled_estimate(0.8, np.full(5, np.nan), n_groups=20).low is None


def test_an_error_that_resamples_exceed_may_be_none_at_all():
    resampled = np.random.default_rng(0).normal(0.09, 0.01, 2000)
    low, high = (getattr(inflated_estimate(0.05, resampled, n_groups=200), end) for end in ("low", "high"))
    assert low == 0
    assert high == pytest.approx(0.05 + 1.97 * 0.01, abs=0.001)


@pytest.mark.slow
@given(st.lists(st.integers(0, 50), min_size=1, max_size=20).filter(any))
def test_groups_of_unequal_sizes_say_as_much_as_fewer_equal_ones(sizes):
    n_groups = effective_groups(np.array(sizes))
    assert 1 - 1e-9 <= n_groups <= np.count_nonzero(sizes) + 1e-9
    assert effective_groups(np.array(sizes) * 7) == pytest.approx(n_groups)


def test_the_sizes_of_groups_may_be_given():
    counts = np.array([[[9, 0], [1, 9]], [[1, 1], [0, 1]], [[2, 0], [1, 1]]])
    counted, given_ = (estimates(counts, sizes=sizes)["accuracy"] for sizes in (None, np.array([19, 3, 4])))
    assert counted == given_
    assert estimates(counts, sizes=np.array([5, 5, 5]))["accuracy"].low > counted.low
