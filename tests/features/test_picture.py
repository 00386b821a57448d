import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from earmark.errors import SettingError
from earmark.features.picture import Picture, PictureSettings


def pictures(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (*shape, 4), dtype=np.uint8))


@given(n_rows=st.integers(1, 40), n_columns=st.integers(1, 40), reduce=st.integers(1, 9), seed=st.integers(0, 100))
@settings(deadline=None)
def test_each_plane_is_the_mean_over_squares(n_rows, n_columns, reduce, seed):
    reduce = min(reduce, n_rows, n_columns)
    picture = pictures(2, n_rows, n_columns, seed=seed)
    planes = Picture(PictureSettings(n_rows=n_rows, n_columns=n_columns, reduce=reduce))(picture)
    assert planes.dtype == torch.float32
    assert planes.shape == (2, 4, n_rows // reduce, n_columns // reduce)
    whole = picture[:, : n_rows // reduce * reduce, : n_columns // reduce * reduce].numpy()
    squares = whole.reshape(2, n_rows // reduce, reduce, n_columns // reduce, reduce, 4)
    expected = squares.mean(axis=(2, 4)).transpose(0, 3, 1, 2) / 255
    np.testing.assert_allclose(planes, expected, atol=1e-6)


def test_the_numbers_are_pillows():
    picture = pictures(1, 300, 600)
    reduced = np.asarray(Image.fromarray(picture[0, ..., :3].numpy()).reduce(4))
    planes = Picture()(picture)[0, :3]
    np.testing.assert_allclose(planes.permute(1, 2, 0) * 255, reduced, atol=0.501)  # Pillow rounds to whole numbers


def test_the_colours_keep_their_order_and_black_and_white_are_zero_and_one():
    picture = torch.zeros(1, 300, 600, 4, dtype=torch.uint8)
    picture[..., 1] = 255
    picture[..., 3] = 51
    planes = Picture()(picture)
    for colour, value in enumerate([0.0, 1.0, 0.0, 0.2]):
        assert torch.equal(planes[0, colour], torch.full((75, 150), value))


def test_without_reducing_each_pixel_stays():
    picture = pictures(2, 5, 7)
    planes = Picture(PictureSettings(n_rows=5, n_columns=7, reduce=1))(picture)
    assert torch.equal((planes * 255).round().to(torch.uint8).permute(0, 2, 3, 1), picture)


@pytest.mark.parametrize(
    "shape", [(1, 600, 300, 4), (2, 300, 600, 3), (1, 299, 600, 4), (300, 600, 4), (1, 4, 300, 600)]
)
def test_pictures_of_another_size_are_refused_and_both_sizes_named(shape):
    received = " x ".join(map(str, shape[1:]))
    with pytest.raises(SettingError, match=re.escape("300 rows x 600 columns x 4 colours, not " + received)) as refused:
        Picture()(torch.zeros(shape, dtype=torch.uint8))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_rows": 0}, "n_rows must be at least 1, not 0"),
        ({"n_columns": -1}, "n_columns must be at least 1, not -1"),
        ({"reduce": 0}, "reduce must be at least 1, not 0"),
        ({"reduce": 301}, "reduce must be at most 300, .* 600 x 300 pixels, not 301"),
    ],
)
def test_settings_that_cannot_be_are_refused(change, message):
    with pytest.raises(SettingError, match=f"^{message}$"):
        PictureSettings(**change)


@pytest.mark.slow
def test_it_is_exported_with_the_batch_left_open():
    sizes = {0: torch.export.Dim("batch", min=1)}
    program = torch.export.export(Picture(), (pictures(2, 300, 600),), dynamic_shapes={"picture": sizes}).module()
    for batch in (1, 3):
        picture = pictures(batch, 300, 600, seed=batch)
        torch.testing.assert_close(program(picture), Picture()(picture))
