import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.explain.cells import Cells


@pytest.mark.slow
@given(n_bins=st.integers(1, 300), n_frames=st.integers(1, 3000))
def test_every_value_lies_in_one_cell_and_no_cell_is_empty(n_bins, n_frames):
    cells = Cells(n_bins, n_frames)

    assert 1 <= cells.n <= 200
    assert np.array_equal(np.unique(cells.numbers), np.arange(cells.n))
    assert cells.numbers.shape == (n_bins, n_frames)


@given(n_bins=st.integers(1, 80), n_frames=st.integers(1, 400))
def test_cells_are_as_equal_as_they_can_be(n_bins, n_frames):
    cells = Cells(n_bins, n_frames)
    row_sizes = np.unique(cells.numbers[:, 0], return_counts=True)[1]
    column_sizes = np.unique(cells.numbers[0], return_counts=True)[1]

    assert np.ptp(row_sizes) <= 1
    assert np.ptp(column_sizes) <= 1


def test_the_mean_of_a_cell_is_of_its_values_and_no_others():
    cells = Cells(16, 50)
    values = np.random.default_rng(0).random((2, 16, 50), dtype=np.float32)

    means = cells.means(values)

    assert means.shape == (2, cells.n)
    for number in (0, 7, cells.n - 1):
        assert means[1, number] == pytest.approx(values[1][cells.numbers == number].mean(), rel=1e-5)
