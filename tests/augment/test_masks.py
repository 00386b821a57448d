import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.augment.masks import MaskSettings, mask_frequency, mask_time
from earmark.errors import SettingError


def stripes(change, n_items=1, length=100, seed=0, **values):
    """Return which places of the axis were masked, (n_items, length)."""
    shape = (n_items, 5, length) if change is mask_time else (n_items, length, 5)
    items = np.random.default_rng(9).random(shape, dtype=np.float32)
    changed = change(items, np.random.default_rng(seed), MaskSettings(fill=-1.0, **values))
    masked = changed == -1
    across = 1 if change is mask_time else 2
    assert (masked.any(axis=across) == masked.all(axis=across)).all()  # all bins, or all frames
    assert (changed[~masked] == items[~masked]).all()
    return masked.any(axis=across)


@pytest.mark.parametrize("change", [mask_time, mask_frequency])
def test_widths_from_nothing_to_the_widest_are_as_likely(change):
    widths = stripes(change, 6000, n_masks=1, max_share=0.05).sum(axis=1)
    assert np.bincount(widths) == pytest.approx([1000] * 6, abs=150)


@pytest.mark.parametrize("change", [mask_time, mask_frequency])
def test_a_stripe_is_in_one_piece_and_lies_anywhere(change):
    masked = stripes(change, 3000, n_masks=1, max_share=0.2)
    edges = np.diff(masked.astype(int), axis=1, prepend=0, append=0)
    assert ((edges == 1).sum(axis=1) <= 1).all()
    assert masked[:, 0].any()
    assert masked[:, -1].any()
    assert masked[:, :50].sum() == pytest.approx(masked[:, 50:].sum(), rel=0.1)


@given(st.integers(1, 60), st.integers(0, 4), st.floats(0, 1), st.integers(0, 99))
def test_no_more_than_asked_for_is_masked(length, n_masks, max_share, seed):
    masked = stripes(mask_time, 3, length, seed, n_masks=n_masks, max_share=max_share)
    assert (masked.sum(axis=1) <= n_masks * (max_share * length + 1e-6)).all()


@pytest.mark.parametrize("n_masks", [1, 2, 3])
def test_there_are_as_many_stripes_as_asked_for(n_masks):
    masked = stripes(mask_time, 500, 400, n_masks=n_masks, max_share=0.02)
    edges = np.diff(masked.astype(int), axis=1, prepend=0, append=0)
    assert (edges == 1).sum(axis=1).max() == n_masks


def test_a_share_of_a_hundred_frames_is_as_many_frames():
    widths = stripes(mask_time, 3000, n_masks=1, max_share=0.29).sum(axis=1)
    assert widths.max() == 29  # 0.29 * 100 is 28.999999999999996


def test_what_is_put_there_is_the_mean_of_the_item_unless_told():
    items = np.random.default_rng(1).normal(-40, 9, (3, 20, 50)).astype(np.float32)
    changed = mask_time(items, np.random.default_rng(0), MaskSettings(max_share=0.5))
    masked = changed != items
    assert masked.any(axis=(1, 2)).all()
    for item, new, where in zip(items, changed, masked, strict=True):
        np.testing.assert_allclose(new[where], item.mean(), rtol=1e-5)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"n_masks": -1}, "n_masks must be at least 0, not -1"),
        ({"max_share": 1.1}, "max_share must be from 0 to 1, not 1.1"),
        ({"fill": float("inf")}, "fill must be a finite number"),
    ],
)
def test_masks_that_cannot_be_are_refused(values, message):
    with pytest.raises(SettingError, match=message):
        MaskSettings(**values)
