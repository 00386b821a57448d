import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.augment.length import fit_length


@given(st.integers(1, 50), st.integers(1, 50), st.integers(0, 99))
def test_what_comes_out_is_a_stretch_of_the_waveform_that_begins_again(n_now, n_wanted, seed):
    waveform = np.arange(n_now, dtype=np.float32)
    fitted = fit_length(waveform, n_wanted, np.random.default_rng(seed))
    assert fitted.shape == (n_wanted,)
    assert fitted.dtype == np.float32
    first = int(fitted[0])
    assert first == 0 or first + n_wanted <= n_now
    assert (fitted == (first + np.arange(n_wanted)) % n_now).all()


def test_the_end_is_heard_as_often_as_the_beginning():
    waveform = np.arange(12, dtype=np.float32)
    generator = np.random.default_rng(0)
    starts = np.bincount([int(fit_length(waveform, 10, generator)[0]) for _ in range(3000)])
    assert starts == pytest.approx([1000] * 3, abs=100)
