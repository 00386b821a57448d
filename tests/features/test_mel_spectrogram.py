import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.features.mel import mel_filters
from earmark.features.mel_spectrogram import Mel, MelSettings

# librosa tells of short signals and empty filters
pytestmark = pytest.mark.filterwarnings("ignore:n_fft=", "ignore:Empty filters")

RANDOM_SETTINGS = st.builds(
    lambda n_fft, n_mels, **others: MelSettings(n_fft=n_fft, n_mels=min(n_mels, n_fft // 2 + 1), **others),
    sample_rate=st.sampled_from([8000, 22050, 44100]),
    n_fft=st.integers(2, 2100),
    hop_samples=st.integers(150, 1024),
    centre=st.booleans(),
    n_mels=st.integers(1, 150),
    fmin_hz=st.floats(0, 2000),
    fmax_hz=st.one_of(st.none(), st.floats(2500, 4000)),
    mel_scale=st.sampled_from(["slaney", "htk"]),
    mel_norm=st.sampled_from(["slaney", None]),
)


def noise(*shape, seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.slow
@given(chosen=RANDOM_SETTINGS, n_samples=st.integers(1, 9000), exponent=st.sampled_from([1.0, 2.0]))
@settings(max_examples=60, deadline=None)
def test_the_numbers_are_librosas(in_double, librosa_mel, chosen, n_samples, exponent):
    waveform = noise(n_samples, seed=chosen.n_fft)
    expected = librosa_mel(waveform, chosen, exponent=exponent)
    exact = in_double(Mel(chosen, exponent=exponent))(torch.from_numpy(waveform)[None])
    assert exact.shape == (1, *expected.shape)
    # What is left is the rounding of the filters, of each band by itself.
    np.testing.assert_allclose(exact[0], expected, rtol=1e-6, atol=1e-15)
    rounded = Mel(chosen, exponent=exponent)(torch.from_numpy(waveform.astype(np.float32))[None])
    assert rounded.dtype == torch.float32
    np.testing.assert_allclose(rounded[0], expected, rtol=0, atol=5e-6 * expected.max() + 1e-12)


@given(n_mels=st.integers(1, 300), n_fft=st.integers(600, 1200), fmin_hz=st.floats(0, 5000))
@settings(max_examples=40, deadline=None)
def test_products_with_some_bands_at_a_time_leave_nothing_out(n_mels, n_fft, fmin_hz):
    chosen = MelSettings(n_fft=n_fft, n_mels=n_mels, fmin_hz=fmin_hz)
    mel = Mel(chosen).double()
    filters = mel_filters(sample_rate=22050, n_fft=n_fft, n_mels=n_mels, fmin_hz=fmin_hz)
    spectrum = torch.from_numpy(np.random.default_rng(n_mels).uniform(0, 1, (2, 3, n_fft // 2 + 1)))
    dense = torch.matmul(torch.from_numpy(filters).double(), spectrum.transpose(1, 2))
    torch.testing.assert_close(mel.bands(spectrum), dense, rtol=1e-12, atol=0)


def test_bands_that_fall_between_all_bins_are_zero():
    chosen = MelSettings(n_fft=64, n_mels=20, fmin_hz=100.0, fmax_hz=300.0)  # bins at 0, 345, 689 Hz ...
    assert not Mel(chosen)(torch.from_numpy(noise(1, 5000)).float()).any()


@given(n=st.integers(2, 5), n_samples=st.integers(1, 9000))
@settings(max_examples=20, deadline=None)
def test_a_batch_gives_what_its_segments_give(n, n_samples):
    batch = torch.from_numpy(noise(n, n_samples)).float()
    mel = Mel()
    torch.testing.assert_close(mel(batch), torch.cat([mel(one[None]) for one in batch]), rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("exponent", [1.0, 2.0])
def test_the_gradient_is_exact(exponent):
    chosen = MelSettings(sample_rate=8000, n_fft=16, hop_samples=5, n_mels=4)
    waveform = torch.from_numpy(noise(2, 40)).requires_grad_()
    assert torch.autograd.gradcheck(Mel(chosen, exponent=exponent).double(), waveform)


def test_the_gradient_in_silence_is_finite():
    waveform = torch.zeros(1, 3000, requires_grad=True)
    Mel(exponent=1.0)(waveform).sum().backward()
    assert torch.isfinite(waveform.grad).all()


@pytest.mark.parametrize("exponent", [0.0, 3.0, -1.0, float("nan")])
def test_another_exponent_is_refused(exponent):
    with pytest.raises(SettingError, match=f"exponent must be 2 for power or 1 for magnitude, not {exponent:g}"):
        Mel(exponent=exponent)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sample_rate": 0}, "sample_rate must be at least 1, not 0"),
        ({"n_fft": 0}, "n_fft must be at least 2, not 0"),
        ({"hop_samples": 0}, "hop_samples must be at least 1, not 0"),
        ({"n_mels": 1026}, "n_mels must be at most 1025"),
        ({"fmax_hz": 12000.0}, "fmax_hz must be above 0 and at most 11025 .half the sample rate., not 12000"),
        ({"fmin_hz": 11025.0}, "fmin_hz must be at least 0 and below fmax_hz"),
        ({"mel_scale": "mel"}, "mel_scale must be 'slaney' or 'htk', not 'mel'"),
        ({"mel_norm": "none"}, "mel_norm must be 'slaney' or None, not 'none'"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_line(change, words):
    with pytest.raises(SettingError, match=words) as caught:
        MelSettings(**change)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("centre", [True, False])
def test_it_is_exported_with_batch_and_length_left_open(centre):
    mel = Mel(dataclasses.replace(MelSettings(), centre=centre))
    sizes = {0: torch.export.Dim("batch", min=1), 1: torch.export.Dim("n_samples", min=8192, max=2**24)}
    program = torch.export.export(mel, (torch.rand(2, 22050),), dynamic_shapes={"waveform": sizes}).module()
    for shape in [(1, 8192), (3, 66150), (1, 30000)]:  # a batch of one is what guards are prone to shut out
        waveform = torch.from_numpy(noise(*shape)).float()
        torch.testing.assert_close(program(waveform), mel(waveform), rtol=1e-5, atol=1e-6)
