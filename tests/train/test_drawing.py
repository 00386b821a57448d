import numpy as np
import pytest
import torch

from earmark.augment.chain import Chain, parse_steps
from earmark.errors import SettingError
from earmark.features.decibel import power_to_db
from earmark.features.standardise import Standardiser
from earmark.train.drawing import Changes, Drawing

N_SEGMENTS, N_BINS, N_FRAMES = 12, 6, 20
Y = torch.arange(N_SEGMENTS) % 3
BATCH = torch.tensor([7, 0, 3, 11])


def sounds_db(seed=0):
    power = torch.rand(N_SEGMENTS, N_BINS, N_FRAMES, generator=torch.Generator().manual_seed(seed)) + 0.01
    return power_to_db(power, 80.0)


def drawing(*steps, versions=None, standardiser=None, is_power_db=True, n_bins=N_BINS, n_channels=1):
    return Drawing(
        versions or [sounds_db()],
        Y,
        n_classes=3,
        standardiser=standardiser or Standardiser(n_bins, n_channels),
        changes=Changes(chain=Chain(parse_steps(steps)), top_db=80.0, is_power_db=is_power_db),
    )


def generator(seed=0):
    return np.random.default_rng(seed)


def test_without_steps_a_batch_is_what_the_network_sees_of_its_segments():
    standardiser = Standardiser.fit(sounds_db())
    features, targets = drawing(standardiser=standardiser)(BATCH, generator())
    assert torch.equal(features, standardiser(sounds_db()[BATCH]))
    assert torch.equal(targets, Y[BATCH])


def test_a_step_on_power_that_changes_nothing_gives_the_same_db():
    features, _ = drawing("power-gain:gain_db_low=0:gain_db_high=0")(BATCH, generator())
    torch.testing.assert_close(features, sounds_db()[BATCH], atol=1e-4, rtol=0)


def test_a_gain_of_power_moves_all_db_by_as_much():
    features, _ = drawing("power-gain:gain_db_low=7:gain_db_high=7")(BATCH, generator())
    torch.testing.assert_close(features, sounds_db()[BATCH] + 7, atol=1e-4, rtol=0)


def test_what_was_far_below_the_loudest_is_so_after_the_change_too():
    loud = sounds_db()
    loud[:, 0, 0] = 60.0
    loud[:, 1, 1] = -20.0  # 80 dB below: the floor
    features, _ = drawing("power-gain", versions=[loud])(BATCH, generator())
    fall = features.amax(dim=(1, 2)) - features.amin(dim=(1, 2))
    assert (fall <= 80.0 + 1e-3).all()


def test_steps_on_features_come_after_the_standardisation():
    standardiser = Standardiser.fit(sounds_db())
    features, _ = drawing("time-mask:fill=5.5:n_masks=1:max_share=1", standardiser=standardiser)(BATCH, generator(3))
    masked = features == 5.5
    assert masked.any()
    assert torch.equal(features[~masked], standardiser(sounds_db()[BATCH])[~masked])


def test_pictures_are_changed_before_they_are_standardised():
    pictures = torch.rand(N_SEGMENTS, 4, N_BINS, N_FRAMES, generator=torch.Generator().manual_seed(1))
    standardiser = Standardiser.fit(pictures)
    draw = drawing("flip:p=1", versions=[pictures], standardiser=standardiser, is_power_db=False)
    features, _ = draw(BATCH, generator())
    assert torch.equal(features, standardiser(pictures[BATCH].flip(-1)))


def test_each_version_is_drawn_about_as_often_and_each_segment_stays_itself():
    own = torch.arange(N_SEGMENTS)[:, None, None].expand(-1, N_BINS, N_FRAMES)
    versions = [own + 100.0 * number for number in range(4)]
    draw, chance, seen = drawing(versions=versions), generator(), []
    for _ in range(200):
        features, _ = draw(BATCH, chance)
        own = features[:, 0, 0]
        assert torch.equal(own % 100, BATCH.float())
        seen += (own // 100).int().tolist()
    counts = np.bincount(seen, minlength=4)
    assert counts.sum() == 800
    assert counts.min() > 140


def test_where_a_step_mixes_the_targets_are_shares_that_sum_to_one():
    features, targets = drawing("mix-energies:p=1")(BATCH, generator())
    assert targets.shape == (4, 3)
    torch.testing.assert_close(targets.sum(1), torch.ones(4))
    assert ((targets > 0) & (targets < 1)).any()
    assert features.shape == (4, N_BINS, N_FRAMES)


def test_targets_of_a_mix_of_power_are_mixed_further_by_a_mix_of_features():
    _, once = drawing("mix-energies:p=1:alpha=100")(BATCH, generator())
    _, twice = drawing("mix-energies:p=1:alpha=100", "mixup:p=1:alpha=100")(BATCH, generator())
    assert (twice > 0).sum() > (once > 0).sum()


def test_the_same_random_numbers_give_the_same_batch_and_others_another():
    draw = drawing("power-gain", "noise-floor", "mixup", "time-mask", versions=[sounds_db(), sounds_db(1)])
    first, again, other = draw(BATCH, generator()), draw(BATCH, generator()), draw(BATCH, generator(1))
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


def test_what_it_was_given_is_never_changed():
    versions = [sounds_db(), sounds_db(1)]
    draw = drawing("power-gain", "mixup", "time-mask", versions=versions)
    draw(BATCH, generator())
    assert torch.equal(versions[0], sounds_db())
    assert torch.equal(Y, torch.arange(N_SEGMENTS) % 3)


def test_no_gradient_is_kept():
    features, _ = drawing("power-gain")(BATCH, generator())
    assert not features.requires_grad


def test_features_that_half_precision_cannot_hold_stay_as_they_are():
    own = torch.full((N_SEGMENTS, N_BINS, N_FRAMES), 1e6) + torch.rand(N_SEGMENTS, N_BINS, N_FRAMES)
    draw = drawing(versions=[own, own * 1e-12], is_power_db=False)
    seen = torch.cat([draw(BATCH, generator(seed))[0] for seed in range(20)])
    assert torch.isfinite(seen).all()
    assert set(seen.unique().tolist()) <= set(own.unique().tolist()) | set((own * 1e-12).unique().tolist())


def test_versions_of_different_shapes_are_refused():
    with pytest.raises(SettingError, match="one shape"):
        drawing(versions=[sounds_db(), sounds_db()[:, :, 1:]])


@pytest.mark.parametrize(("step", "match"), [("speed", "waveforms"), ("power-gain", "dB")])
def test_steps_that_cannot_be_done_to_batches_are_refused(step, match):
    with pytest.raises(SettingError, match=match):
        Changes(chain=Chain(parse_steps([step])))
