"""What the tests of front ends share: librosa as their oracle, and front ends that compute in double precision."""

import librosa
import numpy as np
import pytest
import torch

from earmark.features.frames import PowerSpectrum


@pytest.fixture(scope="session")
def in_double():
    """Put a front end into double precision, where what is left of a difference is a fault."""

    def convert(front_end):
        front_end = front_end.double()
        # The windows too: rounded to float32 they let a loud sound leak into all frequencies, 140 dB below it.
        for part in front_end.modules():
            if isinstance(part, PowerSpectrum):
                part.window = torch.hann_window(part.n_fft, periodic=True, dtype=torch.float64)
        return front_end

    return convert


@pytest.fixture(scope="session")
def librosa_spectrum():
    """Compute librosa's complex spectrum (n_bins, n_frames) with the frames that some settings ask for."""

    def compute(waveform, chosen):
        if not chosen.centre:  # librosa refuses fewer samples than a frame has
            waveform = np.pad(waveform, (0, max(0, chosen.n_fft - len(waveform))))
        return librosa.stft(waveform, n_fft=chosen.n_fft, hop_length=chosen.hop_samples, center=chosen.centre)

    return compute


@pytest.fixture(scope="session")
def librosa_mel(librosa_spectrum):
    """Compute librosa's mel spectrogram (n_mels, n_frames), of power or of magnitudes."""

    def compute(waveform, chosen, *, exponent=2.0):
        return librosa.feature.melspectrogram(
            S=np.abs(librosa_spectrum(waveform, chosen)) ** exponent,
            sr=chosen.sample_rate,
            n_fft=chosen.n_fft,
            n_mels=chosen.n_mels,
            fmin=chosen.fmin_hz,
            fmax=chosen.fmax_hz,
            htk=chosen.mel_scale == "htk",
            norm=chosen.mel_norm,
        )

    return compute
