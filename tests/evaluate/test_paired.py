import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from earmark.errors import SettingError
from earmark.evaluate import paired
from earmark.evaluate.paired import PairedAccuracy, holm, mcnemar, paired_accuracy, spell_p

probabilities = st.lists(st.floats(0, 1), min_size=1, max_size=6)


def own_groups(n):
    return [f"g{number}" for number in range(n)]


@st.composite
def pairs(draw, least_groups=1, most_groups=30):
    """Two classifiers on the same clips, each group with one to four of them."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=least_groups, max_size=most_groups))
    groups = [f"g{number}" for number, size in enumerate(sizes) for _ in range(size)]
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    first, second = (rng.random(len(groups)) < draw(st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0])) for _ in range(2))
    return first, second, groups


# ---------------------------------------------------------------- the difference and its interval


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(pairs())
def test_the_numbers_are_those_of_the_clips(pair):
    first, second, groups = pair
    result = paired_accuracy(first, second, groups)
    assert result.first == pytest.approx(first.mean())
    assert result.second == pytest.approx(second.mean())
    assert result.difference == pytest.approx(first.mean() - second.mean())
    assert (result.n_clips, result.n_groups) == (len(groups), len(set(groups)))
    assert 0 <= result.p <= 1
    if result.low is not None:
        assert -1 <= result.low <= result.difference + 1e-12
        assert result.difference - 1e-12 <= result.high <= 1


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(pairs(least_groups=6))
def test_p_is_below_a_twentieth_exactly_where_the_interval_does_not_hold_zero(pair):
    result = paired_accuracy(*pair)
    assert (result.p < 0.05) == (not result.low <= 0 <= result.high)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(pairs(), st.randoms(use_true_random=False))
def test_neither_the_order_of_the_clips_nor_the_names_order_of_calls_matters(pair, random):
    first, second, groups = pair
    order = list(range(len(groups)))
    random.shuffle(order)
    one = paired_accuracy(first, second, groups, seed=3)
    assert paired_accuracy(first[order], second[order], [groups[index] for index in order], seed=3) == one


@settings(max_examples=15, deadline=None)
@given(pairs())
def test_the_other_way_round_is_the_mirror_image(pair):
    first, second, groups = pair
    one, other = paired_accuracy(first, second, groups), paired_accuracy(second, first, groups)
    assert other.difference == -one.difference
    assert (other.p, other.mcnemar_p) == pytest.approx((one.p, one.mcnemar_p))
    if one.low is not None:
        assert (other.low, other.high) == pytest.approx((-one.high, -one.low), abs=1e-12)


@pytest.mark.slow
def test_clips_of_one_group_count_as_one_observation():
    rng = np.random.default_rng(0)
    better, worse = rng.random(40) < 0.8, rng.random(40) < 0.55
    alone = paired_accuracy(better, worse, own_groups(40))
    fold = np.repeat(better, 10), np.repeat(worse, 10)
    grouped = paired_accuracy(*fold, [f"g{number}" for number in np.repeat(np.arange(40), 10)])
    assert (grouped.low, grouped.high, grouped.p) == pytest.approx((alone.low, alone.high, alone.p), abs=1e-12)
    careless = paired_accuracy(*fold, own_groups(400))
    assert careless.high - careless.low < 0.4 * (alone.high - alone.low)
    assert careless.p < alone.p / 10


def test_a_pair_is_told_apart_where_two_intervals_overlap():
    # 100 clips, 80 right and 70 right, and the second is right nowhere else.
    first, second = np.arange(100) < 80, np.arange(100) < 70
    result = paired_accuracy(first, second, own_groups(100))
    assert result.p < 0.01
    assert 0.03 < result.low < 0.1 < result.high < 0.18
    unpaired = paired_accuracy(first, np.roll(second, 25), own_groups(100))
    assert unpaired.difference == pytest.approx(result.difference)
    assert unpaired.high - unpaired.low > 1.8 * (result.high - result.low)


@pytest.mark.slow
@pytest.mark.parametrize(("n_groups", "most"), [(8, 0.09), (40, 0.075)])
def test_two_that_are_equal_are_told_apart_no_more_often_than_the_level_says(monkeypatch, n_groups, most):
    monkeypatch.setattr(paired, "_N_RESAMPLES", 999)
    rng = np.random.default_rng(1)
    n_wrong, n_tries = 0, 250
    for seed in range(n_tries):
        hard = np.repeat(rng.random(n_groups) < 0.3, 3)  # groups are hard or easy for both
        first, second = (rng.random(3 * n_groups) < np.where(hard, 0.3, 0.85) for _ in range(2))
        groups = [f"g{number}" for number in np.repeat(np.arange(n_groups), 3)]
        n_wrong += paired_accuracy(first, second, groups, seed=seed).p < 0.05
    assert n_wrong / n_tries <= most


@pytest.mark.slow
def test_the_interval_holds_the_true_difference_as_often_as_it_says(monkeypatch):
    monkeypatch.setattr(paired, "_N_RESAMPLES", 999)
    rng = np.random.default_rng(2)
    n_held, n_tries = 0, 250
    for seed in range(n_tries):
        first, second = rng.random(60) < 0.8, rng.random(60) < 0.65
        result = paired_accuracy(first, second, own_groups(60), seed=seed)
        n_held += result.low <= 0.15 <= result.high
    assert 0.91 <= n_held / n_tries <= 0.99


# ---------------------------------------------------------------- where resampling would claim too much


@pytest.mark.parametrize("n_groups", range(1, 6))
def test_fewer_than_six_groups_give_no_interval_and_never_a_significant_difference(n_groups):
    result = paired_accuracy([True] * n_groups * 5, [False] * n_groups * 5, own_groups(n_groups) * 5)
    assert (result.low, result.high) == (None, None)
    assert result.p == pytest.approx(2 * 0.5**n_groups)


def test_two_that_never_part_are_not_said_to_be_the_same_for_certain():
    result = paired_accuracy([True, False] * 10, [True, False] * 10, own_groups(20))
    assert (result.p, result.mcnemar_p) == (1.0, 1.0)
    assert result.high == -result.low == pytest.approx(1 - 0.025 ** (1 / 20))


@pytest.mark.parametrize("n_groups", [6, 20])
def test_one_that_wins_everywhere_has_an_interval_and_no_p_of_zero(n_groups):
    result = paired_accuracy([True] * n_groups, [False] * n_groups, own_groups(n_groups))
    assert result.p == pytest.approx(2 * 0.5**n_groups)
    assert 0 < result.low < 1
    assert result.high == 1


def test_six_groups_that_all_go_one_way_but_not_equally_are_no_surer_than_tossing_coins():
    first = [True] * 18
    second = [False, True, True] * 3 + [False, False, True] * 3
    result = paired_accuracy(first, second, [f"g{number // 3}" for number in range(18)])
    assert result.p == pytest.approx(2 * 0.5**6)


# ---------------------------------------------------------------- McNemar and Holm


@settings(deadline=None)  # scipy takes its time at the first call
@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_agrees_with_scipys_binomial_test(n_first, n_second):
    n = n_first + n_second
    expected = binomtest(n_first, n, 0.5).pvalue if n else 1.0
    assert mcnemar(n_first, n_second) == pytest.approx(expected, rel=1e-9)


def closed_testing(p_values):
    """Holm's correction from its meaning: rejected is what every set of hypotheses that holds it rejects."""
    places = range(len(p_values))
    sets = [set(chosen) for n in places for chosen in itertools.combinations(places, n + 1)]
    return [
        max(min(1.0, len(chosen) * min(p_values[place] for place in chosen)) for chosen in sets if index in chosen)
        for index in places
    ]


@given(probabilities)
def test_holm_is_closed_testing_with_bonferroni(p_values):
    assert holm(p_values) == pytest.approx(closed_testing(p_values))


@given(probabilities)
def test_holm_never_lowers_a_probability_and_keeps_their_order(p_values):
    corrected = holm(p_values)
    assert all(after >= before for before, after in zip(p_values, corrected, strict=True))
    order = np.argsort(p_values, kind="stable")
    assert np.all(np.diff(np.array(corrected)[order]) >= 0)
    assert holm(p_values[:1]) == (p_values[0],)


def test_holm_of_nothing_is_nothing():
    assert holm([]) == ()


# ---------------------------------------------------------------- what is refused, and how it is shown


@pytest.mark.parametrize(
    ("first", "second", "groups", "message"),
    [
        ([], [], [], "no clips"),
        ([True], [True, False], ["a", "b"], "first_right has 1, second_right 2"),
        ([True], [True], ["a", "b"], "there are 2 groups"),
        ([1, 0], [True, False], ["a", "b"], "first_right is of type int64"),
        ([True], [0.5], ["a"], "second_right is of type float64"),
        ([[True]], [True], ["a"], "first_right has the shape"),
    ],
)
def test_what_is_no_pair_is_refused(first, second, groups, message):
    with pytest.raises(SettingError, match=message):
        paired_accuracy(first, second, groups)


def test_other_faults_are_refused():
    with pytest.raises(SettingError, match="negative"):
        paired_accuracy([True], [True], ["a"], seed=-1)
    with pytest.raises(SettingError, match="-1 and 3"):
        mcnemar(-1, 3)
    for p in (-0.1, 1.1, float("nan")):
        with pytest.raises(SettingError, match=r"lie in 0\.\.1"):
            holm([0.5, p])


def test_it_can_be_written_as_json_and_read_by_a_person():
    result = paired_accuracy([True] * 9 + [False], [False] * 4 + [True] * 6, own_groups(10))
    content = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert content["difference"] == pytest.approx(0.3)
    assert PairedAccuracy(**{key: value for key, value in content.items() if key != "difference"}) == result
    assert str(result).startswith("+30.0 (")
    assert str(paired_accuracy([True], [False], ["a"])) == "+100.0 points, p 1.00"
    assert spell_p(0.0999) == "0.100"
