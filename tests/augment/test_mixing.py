import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.augment.mixing import Mixed, MixEnergiesSettings, MixupSettings, mix_energies, mixup
from earmark.errors import SettingError


def own_bins(n, levels=None):
    """Item i is in bin i alone, so that what it became shows what was mixed; each is its own class."""
    power = np.zeros((n, n, 6), np.float32)
    for index in range(n):
        power[index, index] = 1.0 if levels is None else levels[index]
    return Mixed(power, np.eye(n, dtype=np.float32))


def parts(batch):
    """Return how much of each bin is in each item, (n, n)."""
    return batch.astype(float).mean(axis=2)


# ---------------------------------------------------------------- mixup


def test_mixup_weighs_features_and_targets_by_the_same_share():
    mixed = mixup(own_bins(40), np.random.default_rng(0), MixupSettings(alpha=1.0))
    np.testing.assert_allclose(parts(mixed.batch), mixed.targets, atol=1e-6)
    np.testing.assert_allclose(mixed.targets.sum(axis=1), 1, rtol=1e-6)
    assert ((mixed.targets > 0.01).sum(axis=1) <= 2).all()


@pytest.mark.parametrize(("alpha", "sd"), [(0.2, 0.423), (1.0, 0.289), (8.0, 0.121)])
def test_shares_are_drawn_from_the_beta_distribution(alpha, sd):
    mixed = mixup(own_bins(300), np.random.default_rng(0), MixupSettings(alpha=alpha))
    share = np.diag(mixed.targets)
    share = share[share < 1]
    assert share.mean() == pytest.approx(0.5, abs=0.08)
    assert share.std() == pytest.approx(sd, abs=0.03)  # 1 / (2 sqrt(2 alpha + 1))


def test_partners_are_a_permutation_so_that_each_item_is_used_alike():
    mixed = mixup(own_bins(50), np.random.default_rng(0), MixupSettings(alpha=5.0))
    np.fill_diagonal(mixed.targets, 0)
    assert (mixed.targets.astype(bool).sum(axis=0) <= 1).all()


# ---------------------------------------------------------------- energies of different classes


def test_shares_of_loudness_go_into_the_targets_and_their_squares_into_the_power():
    mixed = mix_energies(own_bins(40), np.random.default_rng(0), MixEnergiesSettings(p=1.0))
    share = np.diag(mixed.targets).astype(float)
    power = np.diag(parts(mixed.batch))
    np.testing.assert_allclose(power, share**2 / (share**2 + (1 - share) ** 2), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(parts(mixed.batch).sum(axis=1), 1, rtol=1e-5)  # equal levels: none is louder


@pytest.mark.parametrize("level", ["loudest", "mean"])
def test_levels_are_made_equal_before_items_are_mixed(level):
    levels = np.geomspace(1e-6, 1e6, 30)
    mixed = mix_energies(own_bins(30, levels), np.random.default_rng(0), MixEnergiesSettings(p=1.0, level=level))
    for row, targets in zip(parts(mixed.batch), mixed.targets.astype(float), strict=True):
        first, second = np.argsort(targets)[-2:]
        if targets[first] > 1e-3:
            assert row[second] / row[first] == pytest.approx((targets[second] / targets[first]) ** 2, rel=1e-3)


def test_the_formula_is_that_of_the_paper():
    # Eq. 2: p = 1 / (1 + 10 ** ((G1 - G2) / 20) * (1 - r) / r); (p x1 + (1 - p) x2) / sqrt(p ** 2 + (1 - p) ** 2).
    levels = np.array([4.0, 0.25])
    mixed = mix_energies(own_bins(2, levels), np.random.default_rng(3), MixEnergiesSettings(p=1.0))
    share = float(mixed.targets[0, 0])
    gain_db = 10 * np.log10(levels)
    p = 1 / (1 + 10 ** ((gain_db[0] - gain_db[1]) / 20) * (1 - share) / share)
    expected = np.array([p**2 * levels[0], (1 - p) ** 2 * levels[1]]) / (p**2 + (1 - p) ** 2)
    assert 0.01 < share < 0.99
    np.testing.assert_allclose(parts(mixed.batch)[0], expected, rtol=1e-4)


def test_the_loudest_frame_counts_and_not_the_silence_around_it():
    # A click of power 60 in one of six frames, and a hum of 60 in all: as loud by their loudest frame.
    power = np.zeros((2, 2, 6), np.float32)
    power[0, 0, 2], power[1, 1] = 60.0, 60.0
    targets = np.eye(2, dtype=np.float32)
    mixed = mix_energies(Mixed(power, targets), np.random.default_rng(3), MixEnergiesSettings(p=1.0))
    share = float(mixed.targets[0, 0])
    ratio = mixed.batch[0, 0, 2] / mixed.batch[0, 1, 2]
    assert ratio == pytest.approx((share / (1 - share)) ** 2, rel=1e-3)
    by_mean = mix_energies(Mixed(power, targets), np.random.default_rng(3), MixEnergiesSettings(p=1.0, level="mean"))
    assert by_mean.batch[0, 0, 2] / by_mean.batch[0, 1, 2] == pytest.approx(6 * ratio, rel=1e-3)


@given(st.lists(st.integers(0, 2), min_size=1, max_size=12), st.integers(0, 20))
def test_partners_are_of_another_class_wherever_there_is_one(labels, seed):
    power = own_bins(len(labels)).batch
    targets = np.eye(3, dtype=np.float32)[labels]
    mixed = mix_energies(Mixed(power, targets), np.random.default_rng(seed), MixEnergiesSettings(p=1.0, alpha=50.0))
    is_mixed = np.diag(parts(mixed.batch)) < 0.999
    assert is_mixed.all() == (len(set(labels)) > 1)
    for row, label in zip(parts(mixed.batch), labels, strict=True):
        assert len({labels[index] for index in np.flatnonzero(row > 1e-6)} - {label}) == (len(set(labels)) > 1)
    if len(set(labels)) == 1:
        assert (mixed.batch == power).all()
        assert (mixed.targets == targets).all()


def test_partners_are_any_of_the_other_classes():
    counts = np.zeros(4)
    for seed in range(400):
        mixed = mix_energies(own_bins(4), np.random.default_rng(seed), MixEnergiesSettings(p=1.0, alpha=50.0))
        counts += parts(mixed.batch)[0] > 0
    assert counts[0] == 400
    assert counts[1:] == pytest.approx([133] * 3, abs=40)


def test_items_that_are_mixed_already_are_mixed_with_those_that_share_no_class():
    targets = np.array([[0.5, 0.5, 0], [1, 0, 0], [0, 0, 1]], np.float32)
    mixed = mix_energies(
        Mixed(own_bins(3).batch, targets), np.random.default_rng(0), MixEnergiesSettings(p=1.0, alpha=50.0)
    )
    assert ((parts(mixed.batch) > 0) == [[True, False, True], [False, True, True], [True, True, True]]).sum() >= 8
    assert not parts(mixed.batch)[0, 1]
    assert not parts(mixed.batch)[1, 0]


def test_silence_is_mixed_in_without_being_made_loud():
    power = own_bins(2, [0.0, 9.0])
    mixed = mix_energies(power, np.random.default_rng(3), MixEnergiesSettings(p=1.0))
    share = mixed.targets[1, 1]
    assert 0.01 < share < 0.99
    assert mixed.batch[1].max() == pytest.approx(9 * share**2 / (share**2 + (1 - share) ** 2), rel=1e-4)


def test_four_fifths_of_the_items_are_mixed_by_default():
    mixed = mix_energies(own_bins(400), np.random.default_rng(0), MixEnergiesSettings(alpha=50.0))
    assert (np.diag(mixed.targets) < 1).mean() == pytest.approx(0.8, abs=0.05)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (np.zeros(3, np.float32), r"\(batch, n_classes\), here \(3, n_classes\), not \(3,\)"),
        (np.zeros((2, 5), np.float32), r"not \(2, 5\)"),
        (np.zeros((3, 5)), "float32, not float64"),
    ],
)
def test_targets_that_do_not_fit_are_refused(targets, message):
    with pytest.raises(SettingError, match=message):
        Mixed(np.zeros((3, 2, 2), np.float32), targets)


@pytest.mark.parametrize("kind", [MixupSettings, MixEnergiesSettings])
@pytest.mark.parametrize("alpha", [-0.1, float("nan"), float("inf")])
def test_alpha_is_a_finite_number_from_0(kind, alpha):
    with pytest.raises(SettingError, match="alpha must be from 0 to 1000, not"):
        kind(alpha=alpha)


def test_a_level_is_one_of_two():
    with pytest.raises(SettingError, match="level must be 'loudest' or 'mean', not 'peak'"):
        MixEnergiesSettings(level="peak")
