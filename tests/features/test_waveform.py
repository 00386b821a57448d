import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.features.waveform import Waveform, WaveformSettings, low_pass_taps


def noise(n_samples, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(n_samples)).astype(np.float32)


def tone(frequency_hz, n_samples=44100, sample_rate=22050):
    return np.sin(2 * np.pi * frequency_hz * np.arange(n_samples) / sample_rate).astype(np.float32)


def thinned(waveform, **chosen):
    return Waveform(WaveformSettings(**chosen))(torch.from_numpy(waveform)[None])[0, 0].numpy()


def test_thirty_seconds_give_the_first_65536_of_every_eighth_sample():
    waveform = noise(661500)
    kept = thinned(waveform, low_pass=False)
    np.testing.assert_array_equal(kept, waveform[::8][:65536])
    assert Waveform()(torch.from_numpy(waveform)[None]).shape == (1, 1, 65536)


@given(n_samples=st.integers(1, 3000), decimation=st.integers(1, 20), most=st.one_of(st.none(), st.integers(1, 400)))
@settings(deadline=None)
def test_without_the_low_pass_it_is_the_plain_stride(n_samples, decimation, most):
    waveform = noise(n_samples)
    kept = thinned(waveform, decimation=decimation, low_pass=False, n_samples=most)
    np.testing.assert_array_equal(kept, waveform[::decimation][:most])


@given(n_samples=st.integers(1, 3000), decimation=st.integers(2, 12), most=st.one_of(st.none(), st.integers(1, 400)))
@settings(deadline=None, max_examples=50)
def test_the_low_pass_is_scipys_filter_with_its_delay_taken_out(n_samples, decimation, most):
    waveform = noise(n_samples)
    taps = low_pass_taps(decimation).numpy()
    middle = len(taps) // 2
    filtered = scipy.signal.convolve(waveform.astype(np.float64), taps)[middle : middle + n_samples]
    kept = thinned(waveform, decimation=decimation, n_samples=most)
    np.testing.assert_allclose(kept, filtered[::decimation][:most], atol=1e-6)


@pytest.mark.parametrize("low_pass", [True, False])
def test_a_decimation_of_one_passes_everything_through(low_pass):
    waveform = noise(1000)
    np.testing.assert_array_equal(thinned(waveform, decimation=1, low_pass=low_pass), waveform)


@pytest.mark.parametrize("decimation", [2, 3, 8, 50])
def test_the_filter_passes_what_it_should_and_damps_the_rest_by_sixty_db(decimation):
    taps = low_pass_taps(decimation).numpy()
    frequency, response = scipy.signal.freqz(taps, worN=1 << 16, fs=2 * decimation)  # 1 is half of the new rate
    decibel = 20 * np.log10(np.maximum(np.abs(response), 1e-12))
    assert np.abs(decibel[frequency <= 0.9]).max() < 0.01
    assert decibel[frequency >= 1.0].max() < -60
    np.testing.assert_array_equal(taps, taps[::-1])
    assert len(taps) % 2 == 1


@pytest.mark.parametrize("decimation", [2, 8, 50])
def test_the_filter_is_the_windowed_sinc_that_scipy_designs(decimation):
    taps = low_pass_taps(decimation).numpy()
    expected = scipy.signal.firwin(len(taps), 0.95 / decimation, window=("kaiser", scipy.signal.kaiser_beta(70)))
    np.testing.assert_allclose(taps, expected, atol=1e-12)


@pytest.mark.parametrize("frequency_hz", [1390.0, 1500.0, 5000.0, 10000.0])
def test_a_tone_above_the_new_half_rate_vanishes_and_the_plain_stride_folds_it_down(frequency_hz):
    waveform = tone(frequency_hz)
    inner = slice(100, -100)  # where it begins and ends, a tone is more than one frequency
    assert np.abs(thinned(waveform)[inner]).max() < 1e-3
    assert np.abs(thinned(waveform, low_pass=False)[inner]).max() > 0.9


@pytest.mark.parametrize("frequency_hz", [20.0, 440.0, 1240.0])
def test_a_tone_below_stays_as_it_is_and_where_it_is(frequency_hz):
    waveform = tone(frequency_hz)
    inner = slice(100, -100)
    np.testing.assert_allclose(thinned(waveform)[inner], waveform[::8][inner], atol=1e-3)


def test_a_click_stays_at_its_place():
    waveform = np.zeros(4000, dtype=np.float32)
    waveform[1600] = 1.0
    assert thinned(waveform).argmax() == 200


@pytest.mark.parametrize(("n_samples", "n_kept"), [(1, 1), (7, 1), (8, 1), (9, 2), (80, 10)])
@pytest.mark.parametrize("low_pass", [True, False])
def test_a_short_waveform_is_not_padded(n_samples, n_kept, low_pass):
    assert thinned(noise(n_samples), low_pass=low_pass).shape == (n_kept,)


def test_what_is_beyond_the_samples_that_are_used_changes_nothing_far_from_them():
    waveform = noise(20000)
    changed = waveform.copy()
    changed[8 * 99 + 1 + 346 :] = 1.0  # the filter reaches 346 samples further than the last that is kept
    np.testing.assert_array_equal(thinned(waveform, n_samples=100), thinned(changed, n_samples=100))


@pytest.mark.slow
@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"low_pass": False},
        {"decimation": 1, "n_samples": 10000},
        {"decimation": 1, "n_samples": None},
        {"n_samples": 2000},
    ],
)
def test_it_is_exported_for_lengths_on_both_sides_of_the_samples_that_are_used(chosen):
    front_end = Waveform(WaveformSettings(**chosen))
    sizes = {0: torch.export.Dim("batch", min=1), 1: torch.export.Dim("n_samples", min=8192, max=2**24)}
    example = torch.from_numpy(noise(44100).reshape(2, -1))
    program = torch.export.export(front_end, (example,), dynamic_shapes={"waveform": sizes}).module()
    for n_samples in (8192, 15999, 600000):
        waveform = torch.from_numpy(noise(n_samples)[None])
        torch.testing.assert_close(program(waveform), front_end(waveform))


@pytest.mark.parametrize("change", [{"decimation": 0}, {"n_samples": 0}, {"sample_rate": 0}, {"decimation": -8}])
def test_settings_that_cannot_be_are_refused(change):
    ((name, value),) = change.items()
    with pytest.raises(SettingError, match=rf"^{name} must be at least 1\b.*, not {value}$"):
        WaveformSettings(**change)
