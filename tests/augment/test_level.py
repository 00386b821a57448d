import numpy as np
import pytest

from earmark.augment.level import db_to_power, mean_square


@pytest.mark.parametrize("shape", [(3, 100), (3, 4, 5), (0, 7)])
def test_the_mean_square_of_each_item_fits_beside_it(shape):
    items = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    squares = mean_square(items)
    assert squares.shape == (shape[0], *[1] * (len(shape) - 1))
    np.testing.assert_allclose(squares.ravel(), [(item.astype(float) ** 2).mean() for item in items])


def test_the_square_of_a_large_sample_does_not_overflow():
    assert mean_square(np.full((1, 2), 1e30, np.float32)).item() == pytest.approx(1e60)


def test_decibels_are_of_power():
    np.testing.assert_allclose(db_to_power([-30, 0, 3.0103, 120]), [1e-3, 1, 2, 1e12], rtol=1e-5)
    assert db_to_power(0.0) == 1.0
