import time
import warnings

import librosa
import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.features.pcen import Pcen, PcenSettings, normalise_bands, smooth


def noise(n_samples, seed=0):
    """Make noise whose loudness changes by jumps, from loud to soft and back."""
    generator = np.random.default_rng(seed)
    loudness = 10 ** generator.uniform(-3, 0, n_samples // 1000 + 1).repeat(1000)[:n_samples]
    return 0.1 * loudness * generator.standard_normal(n_samples)


def librosa_pcen(magnitude, chosen):
    with np.errstate(divide="ignore"):  # librosa takes the logarithm of zero where the bias is zero
        return librosa.pcen(
            magnitude,
            sr=chosen.sample_rate,
            hop_length=chosen.hop_samples,
            gain=chosen.gain,
            bias=chosen.bias,
            power=chosen.power,
            time_constant=chosen.time_constant_s,
            eps=chosen.eps,
        )


def librosa_magnitude(waveform, chosen):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa tells of short signals and empty filters
        magnitude = librosa.feature.melspectrogram(
            y=waveform,
            sr=chosen.sample_rate,
            n_fft=chosen.n_fft,
            hop_length=chosen.hop_samples,
            n_mels=chosen.n_mels,
            fmin=chosen.fmin_hz,
            fmax=chosen.fmax_hz,
            power=1.0,
        )
    return chosen.scale * np.where(magnitude > 1e-16, magnitude, 0.0)  # what is less is rounding


def assert_close(features, expected, share):
    np.testing.assert_allclose(features, expected, rtol=share, atol=share * np.abs(expected).max())


compressions = {
    "gain": st.sampled_from([0.0, 0.5, 0.98, 1.0]),
    "bias": st.sampled_from([0.0, 1e-3, 2.0, 10.0]),
    "power": st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    "time_constant_s": st.sampled_from([1e-3, 0.06, 0.4, 30.0]),
    "eps": st.sampled_from([1e-6, 1e-3, 10.0]),
    "scale": st.sampled_from([1.0, 2.0**31]),
}


@pytest.mark.slow
@given(
    n_samples=st.integers(1, 20000),
    sample_rate=st.sampled_from([8000, 22050, 44100]),
    n_fft=st.integers(2, 2048),
    hop_samples=st.integers(1, 1024),
    n_mels=st.integers(1, 128),
    fmin_hz=st.floats(0, 2000),
    fmax_hz=st.one_of(st.none(), st.floats(2500, 4000)),
    compression=st.fixed_dictionaries(compressions),
    seed=st.integers(0, 100),
)
@settings(max_examples=50, deadline=None)
def test_the_numbers_are_librosas(n_samples, n_fft, hop_samples, n_mels, compression, seed, **chosen):
    chosen = PcenSettings(
        n_fft=n_fft,
        hop_samples=max(hop_samples, n_samples // 100),
        n_mels=min(n_mels, n_fft // 2 + 1),
        **chosen,
        **compression,
    )
    waveform = noise(n_samples, seed)
    features = Pcen(chosen).double()(torch.from_numpy(waveform)[None])[0].numpy()
    expected = librosa_pcen(librosa_magnitude(waveform, chosen), chosen)
    assert features.shape == expected.shape
    assert_close(features, expected, 1e-5)


def test_a_segment_of_float32_agrees_with_librosa():
    waveform = noise(66150).astype(np.float32)
    features = Pcen()(torch.from_numpy(waveform)[None])
    assert features.shape == (1, 128, 130)
    assert features.dtype == torch.float32
    assert_close(features[0], librosa_pcen(librosa_magnitude(waveform, PcenSettings()), PcenSettings()), 1e-5)


@pytest.mark.slow
@given(
    n_frames=st.integers(1, 600),
    loudness=st.sampled_from([1e-6, 1.0, 1e10]),
    compression=st.fixed_dictionaries(compressions),
    seed=st.integers(0, 100),
)
@settings(max_examples=100, deadline=None)
def test_bands_that_jump_from_loud_to_nothing_are_normalised_as_by_librosa(n_frames, loudness, compression, seed):
    chosen, generator = PcenSettings(**compression), np.random.default_rng(seed)
    magnitude = loudness * generator.uniform(0, 1, (3, n_frames)) ** 4
    magnitude[:, n_frames // 3 :] *= 1e-9
    magnitude[1, n_frames // 2 :] = 0
    expected = librosa_pcen(magnitude, chosen)
    features = normalise_bands(torch.from_numpy(magnitude)[None], chosen)[0].numpy()
    np.testing.assert_allclose(features, expected, rtol=1e-9, atol=1e-12)
    single = normalise_bands(torch.from_numpy(magnitude)[None].float(), chosen)[0].numpy()
    np.testing.assert_allclose(single, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@given(n_frames=st.integers(1, 3000), share=st.floats(1e-4, 1.0), batch=st.integers(1, 3), seed=st.integers(0, 100))
@settings(deadline=None)
def test_the_smoothed_past_is_that_of_the_recursive_filter(n_frames, share, batch, seed):
    features = 10.0 ** np.random.default_rng(seed).uniform(-6, 6, (batch, 2, n_frames))
    state = np.full((batch, 2, 1), 1.0 - share)
    expected, _ = scipy.signal.lfilter([share], [1.0, share - 1.0], features, zi=state)
    np.testing.assert_allclose(smooth(torch.from_numpy(features), share), expected, rtol=1e-12)
    # Relative to each frame, also where little is left of a loud past: nothing is cut off.
    np.testing.assert_allclose(smooth(torch.from_numpy(features).float(), share), expected, rtol=2e-6)


def test_a_time_constant_far_below_or_above_a_frame_works():
    assert PcenSettings(time_constant_s=1e-30).share_of_new == 1.0
    assert 0 < PcenSettings(time_constant_s=1e12).share_of_new < 1e-13
    for time_constant_s in (1e-30, 1e12):
        chosen = PcenSettings(time_constant_s=time_constant_s)
        assert torch.isfinite(Pcen(chosen)(torch.from_numpy(noise(9000)).float()[None])).all()


@given(st.floats(1e-2, 1e3))
def test_the_share_of_the_newest_frame_is_the_one_librosa_solves_for(time_constant_s):
    n_frames = time_constant_s * 22050 / 512
    expected = (np.sqrt(1 + 4 * n_frames**2) - 1) / (2 * n_frames**2)
    assert PcenSettings(time_constant_s=time_constant_s).share_of_new == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("change", [{}, {"bias": 0.0}, {"power": 0.0}])
def test_silence_is_zero_and_its_gradient_finite(change):
    front_end = Pcen(PcenSettings(**change))
    waveform = torch.zeros(2, 6000, requires_grad=True)
    features = front_end(waveform)
    features.sum().backward()
    assert not features.any()
    assert torch.isfinite(waveform.grad).all()


@pytest.mark.slow
def test_steady_noise_fades_and_its_end_is_not_louder_for_a_louder_sound():
    generator = np.random.default_rng(0)
    steady = torch.from_numpy(0.01 * generator.standard_normal((1, 88200))).float()
    soft, loud = Pcen()(steady).mean(1)[0, -40:], Pcen()(30 * steady).mean(1)[0, -40:]
    torch.testing.assert_close(soft, loud, rtol=0.1, atol=0)


def test_thousands_of_frames_take_milliseconds():
    magnitude, chosen = torch.rand(1, 128, 5000), PcenSettings()
    normalise_bands(magnitude, chosen)
    begin = time.perf_counter()
    normalise_bands(magnitude, chosen)
    assert time.perf_counter() - begin < 1.0  # 0.03 s on one core


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gain": -0.1}, "gain must be from 0 to 1, not -0.1"),
        ({"gain": 1.5}, "gain must be from 0 to 1, not 1.5"),
        ({"power": -1.0}, "power must be from 0 to 1, not -1"),
        ({"power": float("nan")}, "power must be from 0 to 1, not nan"),
        ({"bias": -2.0}, "bias must be 0 or at least 1e-20, not -2"),
        ({"bias": 1e-30}, "bias must be 0 or at least 1e-20, not 1e-30"),
        ({"eps": 0.0}, "eps must be at least 1e-20, not 0"),
        ({"eps": float("nan")}, "eps must be at least 1e-20, not nan"),
        ({"time_constant_s": 0.0}, "time_constant_s must be above 0, not 0"),
        ({"time_constant_s": float("inf")}, "time_constant_s must be above 0, not inf"),
        ({"scale": -1.0}, "scale must be above 0, not -1"),
        ({"hop_samples": 0}, "hop_samples must be at least 1, not 0"),
        ({"n_mels": 2000}, "n_mels must be at most 1025 .*, not 2000"),
    ],
)
def test_settings_that_cannot_be_are_refused(change, message):
    with pytest.raises(SettingError, match=f"^{message}$"):
        PcenSettings(**change)
