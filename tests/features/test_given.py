import pytest
import torch

from earmark.errors import DataError
from earmark.features.given import Given, GivenSettings
from earmark.features.statistics import summarise


def features(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 13, 130), (2, 40, 0), (0, 13, 130)])
def test_features_go_out_as_they_came_in(shape):
    given = features(*shape)
    assert torch.equal(Given()(given), given)


@pytest.mark.slow
@pytest.mark.parametrize("n_frames", [1, 2, 3, 8, 130])
def test_their_statistics_are_those_of_the_statistics_front_end(n_frames):
    given = features(3, 13, n_frames)
    summary = Given(GivenSettings(summary=True))(given)
    assert summary.shape == (3, 65, 1)
    assert torch.equal(summary, summarise(given))
    torch.testing.assert_close(summary[:, :13, 0], given.mean(-1))


@pytest.mark.parametrize("shape", [(5,), (13, 130), (1, 2, 3, 4)])
def test_what_has_not_three_axes_is_refused(shape):
    with pytest.raises(DataError, match=rf"\(batch, n_bins, n_frames\), not of shape \({shape[0]},"):
        Given()(torch.zeros(*shape))


@pytest.mark.slow
@pytest.mark.parametrize("summary", [False, True])
def test_it_is_exported_with_the_batch_left_open(summary):
    front_end = Given(GivenSettings(summary=summary))
    sizes = {0: torch.export.Dim("batch", min=1)}
    program = torch.export.export(front_end, (features(2, 13, 130),), dynamic_shapes={"features": sizes}).module()
    for batch in (1, 5):
        given = features(batch, 13, 130)
        torch.testing.assert_close(program(given), front_end(given))
