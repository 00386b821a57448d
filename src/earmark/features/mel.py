"""The mel scale and its filters, in Slaney's form or in that of HTK."""

import math
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from earmark.errors import SettingError
from earmark.features.frames import check_frame_settings

MelScale = Literal["slaney", "htk"]
MelNorm = Literal["slaney"]

# Slaney (1998), "Auditory Toolbox: version 2", technical report 1998-010, Interval Research: the scale is linear up
# to 1 kHz, 3 mel a step of 200 Hz, and logarithmic above, 27 steps for a factor of 6.4.
_HZ_PER_MEL = 200.0 / 3.0
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _HZ_PER_MEL
_LOG_STEP = math.log(6.4) / 27.0
# Young et al. (2006), "The HTK book" for HTK 3.4, equation 5.13.
_HTK_MEL = 2595.0
_HTK_HZ = 700.0

_LEAST_SPAN = 1e-9  # of fmax_hz, between the lowest and the highest band: below it, filters are rounding


def hz_to_mel(frequency_hz: npt.ArrayLike, mel_scale: MelScale = "slaney") -> npt.NDArray[np.float64]:
    """Convert frequencies to the mel scale.

    Args:
        frequency_hz: One frequency or an array of them, in Hz, not negative.
        mel_scale: Whose scale.

    Returns:
        The same shape, in mel.

    >>> hz_to_mel([0.0, 1000.0, 6400.0])
    array([ 0., 15., 42.])
    """
    hz = np.asarray(frequency_hz, dtype=np.float64)
    if mel_scale == "htk":
        return np.asarray(_HTK_MEL * np.log10(1.0 + hz / _HTK_HZ))
    above = _BREAK_MEL + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _HZ_PER_MEL, above)


def mel_to_hz(mel: npt.ArrayLike, mel_scale: MelScale = "slaney") -> npt.NDArray[np.float64]:
    """Convert the mel scale to frequencies.

    Args:
        mel: One value or an array of them, in mel, not negative.
        mel_scale: Whose scale.

    Returns:
        The same shape, in Hz.

    >>> mel_to_hz([0.0, 15.0, 30.0]).round(1)
    array([   0. , 1000. , 2804.6])
    """
    mels = np.asarray(mel, dtype=np.float64)
    if mel_scale == "htk":
        return np.asarray(_HTK_HZ * (10.0 ** (mels / _HTK_MEL) - 1.0))
    above = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mels, _BREAK_MEL) - _BREAK_MEL))
    return np.where(mels < _BREAK_MEL, mels * _HZ_PER_MEL, above)


def mel_filters(
    *,
    sample_rate: int,
    n_fft: int,
    n_mels: int,
    fmin_hz: float = 0.0,
    fmax_hz: float | None = None,
    mel_scale: MelScale = "slaney",
    mel_norm: MelNorm | None = "slaney",
) -> npt.NDArray[np.float32]:
    """Return triangular filters, equally wide on the mel scale.

    With many filters over few bins, the lowest ones can fall between two bins: they are zero throughout.

    Args:
        sample_rate: Samples a second.
        n_fft: Length of the Fourier transform, in samples.
        n_mels: Number of filters, at most the number of bins.
        fmin_hz: Where the lowest filter begins, in Hz.
        fmax_hz: Where the highest filter ends, in Hz; None for half the sample rate.
        mel_scale: Whose scale.
        mel_norm: ``"slaney"`` for filters of equal area in Hz; None for filters of equal height, one.

    Returns:
        The weights (n_mels, n_fft // 2 + 1), to be multiplied with a power spectrum; in 1/Hz, or without a unit where
        `mel_norm` is None.

    Raises:
        SettingError: The settings cannot be, or contradict each other.

    >>> mel_filters(sample_rate=22050, n_fft=2048, n_mels=64).shape
    (64, 1025)

    Follows `librosa.filters.mel` of librosa 0.11 within 3e-7 of each weight; differs in rounding once, from double
    precision.
    """
    check_mel_settings(
        sample_rate=sample_rate,
        n_fft=n_fft,
        n_mels=n_mels,
        fmin_hz=fmin_hz,
        fmax_hz=fmax_hz,
        mel_scale=mel_scale,
        mel_norm=mel_norm,
    )
    top_hz = sample_rate / 2 if fmax_hz is None else fmax_hz
    bins_hz = np.arange(n_fft // 2 + 1) * (sample_rate / n_fft)
    lowest_mel, highest_mel = hz_to_mel([fmin_hz, top_hz], mel_scale).tolist()
    corners_hz = mel_to_hz(np.linspace(lowest_mel, highest_mel, n_mels + 2), mel_scale)  # (n_mels + 2,)
    lower, centre, upper = corners_hz[:-2, None], corners_hz[1:-1, None], corners_hz[2:, None]
    rising = (bins_hz - lower) / (centre - lower)  # (n_mels, n_bins)
    falling = (upper - bins_hz) / (upper - centre)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    heights = 1.0 if mel_norm is None else 2.0 / (upper - lower)
    return (triangles * heights).astype(np.float32)


def check_mel_settings(
    *,
    sample_rate: int,
    n_fft: int,
    n_mels: int,
    fmin_hz: float,
    fmax_hz: float | None,
    hop_samples: int = 1,
    mel_scale: MelScale = "slaney",
    mel_norm: MelNorm | None = "slaney",
) -> None:
    """Refuse settings of a mel spectrum that cannot be.

    Args:
        sample_rate: Samples a second.
        n_fft: Length of the Fourier transform, in samples.
        n_mels: Number of filters.
        fmin_hz: Where the lowest filter begins, in Hz.
        fmax_hz: Where the highest filter ends, in Hz; None for half the sample rate.
        hop_samples: From one frame to the next, in samples.
        mel_scale: Whose scale.
        mel_norm: How the filters are scaled.

    Raises:
        SettingError: The first setting that cannot be, what it is, and what it may be.
    """
    check_frame_settings(sample_rate=sample_rate, n_fft=n_fft, hop_samples=hop_samples)
    if n_mels < 1:
        raise SettingError(f"n_mels must be at least 1, not {n_mels}")
    n_bins = n_fft // 2 + 1
    if n_mels > n_bins:
        raise SettingError(f"n_mels must be at most {n_bins} (n_fft // 2 + 1 bins of n_fft {n_fft}), not {n_mels}")
    half_hz = sample_rate / 2
    top_hz = half_hz if fmax_hz is None else fmax_hz
    if not 0 < top_hz <= half_hz:
        raise SettingError(f"fmax_hz must be above 0 and at most {half_hz:g} (half the sample rate), not {top_hz:g}")
    if not 0 <= fmin_hz < top_hz * (1 - _LEAST_SPAN):
        raise SettingError(f"fmin_hz must be at least 0 and below fmax_hz, which is {top_hz:g}, not {fmin_hz:g}")
    if mel_scale not in get_args(MelScale):
        raise SettingError(f"mel_scale must be 'slaney' or 'htk', not {mel_scale!r}")
    if mel_norm is not None and mel_norm not in get_args(MelNorm):
        raise SettingError(f"mel_norm must be 'slaney' or None, not {mel_norm!r}")
