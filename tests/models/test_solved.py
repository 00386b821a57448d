import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from earmark.models.solved import LEAST_PROBABILITY, log_probabilities, take_shapes


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=2, max_size=60).filter(any))
def test_the_softmax_gives_the_probabilities_back_whichever_are_nothing(counts):
    probabilities = torch.tensor([counts], dtype=torch.float64)
    probabilities = probabilities / probabilities.sum()

    scores = log_probabilities(probabilities)

    assert torch.isfinite(scores).all()
    torch.testing.assert_close(torch.softmax(scores, dim=1), probabilities, rtol=0, atol=1e-5)


def test_what_is_impossible_gets_the_least_probability_and_no_less():
    assert log_probabilities(torch.tensor([[0.0, 1.0]]))[0, 0].exp().item() == pytest.approx(LEAST_PROBABILITY)


def test_buffers_take_the_shapes_of_a_state_and_keep_their_types():
    module = nn.Module()
    module.register_buffer("few", torch.zeros(1, 2))
    module.register_buffer("counts", torch.zeros(3, dtype=torch.int64))
    module.register_buffer("left_alone", torch.ones(4))
    state = {"inner.few": torch.ones(5, 6, dtype=torch.float64), "inner.counts": torch.ones(7), "few": torch.ones(9)}

    take_shapes(module, state, "inner.", ("few", "counts", "left_alone"))

    assert (module.few.shape, module.few.dtype) == ((5, 6), torch.float32)
    assert (module.counts.shape, module.counts.dtype) == ((7,), torch.int64)
    assert torch.equal(module.left_alone, torch.ones(4))
