import numpy as np
import pytest
from scipy.special import log_softmax as oracle

from earmark.errors import SettingError
from earmark.evaluate.clip_logits import clip_logits, log_softmax


def made(n_segments=(2, 1, 3), seed=0):
    rng = np.random.default_rng(seed)
    clip_index = rng.permutation(np.repeat(np.arange(len(n_segments)), n_segments))
    return rng.standard_normal((len(clip_index), 4)), np.array([0, 3, 1]), clip_index


def test_the_logarithm_is_exact_where_the_probability_is_next_to_nothing():
    logits = np.array([[0.0, 5000.0, -3.0]])

    np.testing.assert_allclose(log_softmax(logits), oracle(logits, axis=1))


def test_probabilities_of_a_clip_are_the_mean_over_its_segments_and_the_loss_is_theirs():
    logits, y, clip_index = made()
    clips = clip_logits(logits, y, clip_index)

    by_hand = np.stack([np.exp(oracle(logits[clip_index == clip] / 2, axis=1)).mean(0) for clip in range(3)])

    np.testing.assert_allclose(clips.probabilities(2.0), by_hand)
    np.testing.assert_allclose(clips.log_losses(2.0), -np.log(by_hand[np.arange(3), y]))


@pytest.mark.parametrize("kept", [[True, False, True], [False, True, False], [True, True, True]])
def test_some_of_the_clips_are_as_they_were_among_all(kept):
    clips = clip_logits(*made())
    chosen = np.array(kept)

    part = clips.take(chosen)

    np.testing.assert_allclose(part.log_losses(0.7), clips.log_losses(0.7)[chosen])
    assert part.n_segments.tolist() == clips.n_segments[chosen].tolist()


def test_gaps_in_the_numbers_of_clips_are_named():
    logits, y, _ = made()

    with pytest.raises(SettingError, match="2 of 3 clips have no segment"):
        clip_logits(logits, y, np.zeros(6, dtype=int))
