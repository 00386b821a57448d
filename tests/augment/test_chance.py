import numpy as np
import pytest

from earmark.augment.chance import change_each, change_some, draw, draw_rate
from earmark.errors import SettingError


def ones(n, *shape):
    return np.ones((n, *shape), np.float32)


def test_items_are_changed_as_often_as_asked():
    changed = change_some(
        ones(20_000, 1), np.random.default_rng(0), p=0.3, takes="waveform", change=lambda items: items * 2
    )
    assert 0.29 < (changed == 2).mean() < 0.31


def test_only_the_items_that_are_chosen_are_given_to_the_change():
    given = []
    change_some(
        ones(100, 3),
        np.random.default_rng(0),
        p=0.5,
        takes="waveform",
        change=lambda items: given.append(items) or items,
    )
    (items,) = given
    assert 30 < len(items) < 70
    assert items.shape[1:] == (3,)


@pytest.mark.parametrize(("n", "p"), [(0, 1.0), (5, 0.0)])
@pytest.mark.parametrize("function", [change_some, change_each])
def test_where_no_item_is_chosen_nothing_is_called(n, p, function):
    batch = ones(n, 3)
    changed = function(batch, np.random.default_rng(0), p=p, takes="waveform", change=lambda _: pytest.fail("called"))
    assert changed.shape == batch.shape
    assert not np.shares_memory(changed, batch)


def test_each_item_is_changed_by_itself():
    batch = np.arange(12, dtype=np.float32).reshape(4, 3)
    changed = change_each(batch, np.random.default_rng(0), p=1.0, takes="waveform", change=lambda item: item - item[0])
    assert (changed == [[0, 1, 2]] * 4).all()


def test_a_batch_that_is_none_is_refused_before_anything_is_drawn():
    generator = np.random.default_rng(0)
    with pytest.raises(SettingError, match="has the shape"):
        change_some(np.ones(3, np.float32), generator, p=1.0, takes="waveform", change=lambda items: items)
    assert generator.random() == np.random.default_rng(0).random()


def test_numbers_are_spread_evenly_over_their_range():
    numbers = draw(np.random.default_rng(0), -1.0, 3.0, ones(20_000, 2, 2))
    assert numbers.shape == (20_000, 1, 1)
    assert numbers.dtype == np.float32
    assert -1 <= numbers.min() < -0.99
    assert 2.99 < numbers.max() <= 3
    assert abs(numbers.mean() - 1) < 0.03


def test_half_as_fast_is_as_likely_as_twice_as_fast():
    generator = np.random.default_rng(0)
    rates = np.array([draw_rate(generator, 0.5, 2.0) for _ in range(5000)])
    assert 0.5 <= rates.min() < 0.51
    assert 1.98 < rates.max() <= 2.0 + 1e-12
    assert 0.48 < (rates < 1).mean() < 0.52
