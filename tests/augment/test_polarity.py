import numpy as np

from earmark.augment.polarity import PolaritySettings, invert_polarity


def test_an_item_is_as_it_was_or_upside_down_and_half_of_them_are():
    batch = np.random.default_rng(1).standard_normal((2000, 3)).astype(np.float32)
    signs = invert_polarity(batch, np.random.default_rng(0), PolaritySettings()) / batch
    assert (signs == signs[:, :1]).all()
    assert set(np.unique(signs)) == {-1.0, 1.0}
    assert 0.46 < (signs < 0).mean() < 0.54


def test_twice_upside_down_is_as_it_was():
    batch, settings = np.arange(6, dtype=np.float32).reshape(2, 3), PolaritySettings(p=1.0)
    once = invert_polarity(batch, np.random.default_rng(0), settings)
    assert (invert_polarity(once, np.random.default_rng(1), settings) == batch).all()
