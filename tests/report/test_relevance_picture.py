import io

import numpy as np
import pytest
from matplotlib.image import imread

from earmark.report.relevance_picture import MOST_COLUMNS, relevance_png


def drawn(features, relevance):
    return imread(io.BytesIO(relevance_png(features.astype(np.float32), relevance.astype(np.float32))))[..., :3]


def is_orange(picture):
    return picture[..., 0] > picture[..., 2] + 0.2


def test_what_mattered_is_where_it_was_and_nothing_else_is_coloured():
    relevance = np.zeros((16, 40))
    relevance[3:5, 10:20] = 1
    picture = drawn(np.random.default_rng(0).random((16, 40)), relevance)
    assert np.array_equal(is_orange(picture)[::-1], relevance > 0)  # the first bin is at the bottom


def test_without_any_relevance_the_picture_is_grey():
    picture = drawn(np.random.default_rng(0).random((8, 10)), np.zeros((8, 10)))
    assert np.allclose(picture[..., 0], picture[..., 2])


def test_louder_is_lighter():
    picture = drawn(np.tile(np.arange(10.0), (4, 1)), np.zeros((4, 10)))[0, :, 0]
    assert (np.diff(picture) >= 0).all()
    assert picture[0] < picture[-1]


@pytest.mark.parametrize("n_columns", [1, MOST_COLUMNS, MOST_COLUMNS + 1, 1999])
def test_wide_pictures_become_narrow_and_keep_their_places(n_columns):
    relevance = np.zeros((4, n_columns))
    relevance[:, n_columns // 2 :] = 1
    picture = drawn(np.zeros((4, n_columns)), relevance)
    assert picture.shape[:2] == (4, min(n_columns, MOST_COLUMNS))
    assert is_orange(picture)[0].mean() == pytest.approx(relevance[0].mean(), abs=0.01)


def test_a_single_relevant_value_is_seen():
    relevance = np.zeros((64, 150))
    relevance[10, 20] = 1e-9
    assert is_orange(drawn(np.zeros((64, 150)), relevance)).sum() == 1
