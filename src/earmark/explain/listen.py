"""An explanation as sound: the clip with only what mattered, and with that removed."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from earmark.errors import SettingError
from earmark.explain import FloatArray
from earmark.explain.axes import FeatureAxes
from earmark.explain.explanation import Explanation

SHARE = 0.8  # of the relevance that what is kept holds
_FRAME_S = 0.046
_SMOOTH_S = 0.1
_SMOOTH_BINS = 20  # the window over bins is one in so many of them


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A clip in two parts, which add up to it.

    Attributes:
        kept: What mattered, (n_samples,).
        removed: All the rest, (n_samples,).
        gain: What both were multiplied with so that neither reaches beyond 1; 1 where they did not.
        energy_kept: The share of the clip's energy in what was kept.
        area_kept: The share of times and frequencies that was kept.
    """

    kept: FloatArray
    removed: FloatArray
    gain: float
    energy_kept: float
    area_kept: float


def kept_and_removed(
    waveform: FloatArray, sample_rate: int, explanation: Explanation, *, share: float = SHARE
) -> Heard:
    """Return a clip with only what mattered, and with that removed.

    The relevance, made smooth over a tenth of a second, becomes a mask: one where the greatest values lie that hold
    `share` of it, zero where it is less than half of the least of them, and a slope between. The mask is drawn out to
    a short-time Fourier transform of the waveform. Of bins without frequencies, such as MFCC, only the times matter;
    frequencies that the classifier does not see are among what is removed.

    Args:
        waveform: The clip that was explained, (n_samples,), at any rate.
        sample_rate: Its rate, in Hz.
        explanation: Of that clip.
        share: From above 0 to 1.

    Returns:
        Both parts, as long as the clip: ``kept + removed`` is ``gain * waveform`` within rounding.

    Raises:
        SettingError: The features have neither times nor frequencies, nothing speaks for the class, the waveform has no
            samples, or the share is out of its range.
    """
    if not 0 < share <= 1:
        raise SettingError(f"share must be above 0 and at most 1, not {share:g}")
    if not explanation.axes.is_heard:
        raise SettingError("the features have neither times nor frequencies: what mattered cannot be heard")
    if explanation.is_empty or not len(waveform):
        raise SettingError("nothing in the clip speaks for the class: there is nothing to be heard")
    n_fft = max(16, 2 ** round(math.log2(_FRAME_S * sample_rate)))
    hop_samples = n_fft // 4
    samples, window = torch.tensor(waveform), torch.hann_window(n_fft)
    spectrum = torch.stft(samples, n_fft, hop_samples, window=window, pad_mode="constant", return_complex=True)
    mask = _drawn_out(explanation, share, spectrum.shape, n_fft=n_fft, hop_samples=hop_samples, sample_rate=sample_rate)
    kept = torch.istft(spectrum * torch.from_numpy(mask), n_fft, hop_samples, window=window, length=len(waveform))
    part: FloatArray = kept.numpy()
    rest = waveform - part
    peak = max(float(np.abs(part).max()), float(np.abs(rest).max()))
    gain = min(1.0, 1.0 / peak) if peak else 1.0  # files of 16 bit hold nothing beyond 1
    energy = float(np.square(waveform, dtype=np.float64).sum())
    return Heard(
        kept=(gain * part).astype(np.float32),
        removed=(gain * rest).astype(np.float32),
        gain=gain,
        energy_kept=float(np.square(part, dtype=np.float64).sum()) / energy if energy else 0.0,
        area_kept=float(mask.mean()),
    )


def relevance_mask(relevance: FloatArray, axes: FeatureAxes, *, share: float = SHARE) -> FloatArray:
    """Return a smooth mask from 0 to 1 of the relevance of a clip.

    Args:
        relevance: Shape (n_bins, n_columns), at least 0, not all of it 0.
        axes: What the bins and frames stand for.
        share: How much of the relevance lies where the mask is 1, at least.

    Returns:
        The mask, of the same shape.
    """
    smooth = smooth_relevance(relevance, axes)
    falling = np.sort(smooth, axis=None)[::-1].astype(np.float64)
    held = np.cumsum(falling)
    least = float(falling[min(int(np.searchsorted(held, share * held[-1])), len(falling) - 1)])
    if least <= 0:
        return (smooth > 0).astype(np.float32)
    mask: FloatArray = np.clip(2 * smooth / least - 1, 0, 1).astype(np.float32)
    return mask


def smooth_relevance(relevance: FloatArray, axes: FeatureAxes) -> FloatArray:
    """Return relevance as the mean over a tenth of a second and a twentieth of the bins around each place.

    Args:
        relevance: Shape (n_bins, n_columns).
        axes: What the bins and frames stand for.
    """
    frames = round(_SMOOTH_S / axes.hop_s / 2) if axes.hop_s else 0
    margin = (len(relevance) // _SMOOTH_BINS // 2, min(frames, relevance.shape[1] - 1))
    window = (2 * margin[0] + 1, 2 * margin[1] + 1)
    plane = torch.from_numpy(np.ascontiguousarray(relevance))[None, None]
    # Over bins and over time one after the other: of a waveform a window is thousands of samples wide.
    over_bins = functional.avg_pool2d(plane, (window[0], 1), 1, (margin[0], 0), count_include_pad=False)
    smooth = functional.avg_pool2d(over_bins, (1, window[1]), 1, (0, margin[1]), count_include_pad=False)
    found: FloatArray = smooth[0, 0].numpy()
    return found


def _drawn_out(
    explanation: Explanation,
    share: float,
    shape: tuple[int, ...],
    *,
    n_fft: int,
    hop_samples: int,
    sample_rate: int,
) -> FloatArray:
    """Return the mask at the frequencies and frames of a short-time Fourier transform, of its shape."""
    joined, axes = explanation.joined(), explanation.axes
    relevance, bins_hz = _bins_with_frequency(joined.relevance, axes)
    mask = relevance_mask(relevance, axes, share=share)
    frequencies_hz = np.arange(shape[0], dtype=np.float64) * (sample_rate / n_fft)
    if bins_hz is None:
        by_frequency = np.repeat(mask.max(axis=0, keepdims=True), shape[0], axis=0)
    else:
        by_frequency = _between(frequencies_hz, bins_hz) @ mask
        by_frequency[frequencies_hz > axes.top_hz] = 0.0
    if joined.times_s is None:
        return np.repeat(by_frequency.mean(axis=1, keepdims=True), shape[1], axis=1).astype(np.float32)
    times_s = np.arange(shape[1]) * (hop_samples / sample_rate)
    drawn = np.stack([np.interp(times_s, joined.times_s, row) for row in by_frequency])
    return drawn.astype(np.float32)


def _bins_with_frequency(relevance: FloatArray, axes: FeatureAxes) -> tuple[FloatArray, FloatArray | None]:
    """Return the bins that have a frequency, lowest first; where these say nothing, all, and no frequencies."""
    if axes.frequencies_hz is None:
        return relevance, None
    has_one = np.flatnonzero(~np.isnan(axes.frequencies_hz))
    order = has_one[np.argsort(axes.frequencies_hz[has_one], kind="stable")]
    found = relevance[order]
    return (found, axes.frequencies_hz[order]) if found.any() else (relevance, None)


def _between(wanted: npt.NDArray[np.float64], known: FloatArray) -> npt.NDArray[np.float64]:
    """Return the weights (n_wanted, n_known) with which values at known places give those on the lines between."""
    place = np.interp(wanted, known, np.arange(len(known)))
    before = np.minimum(place.astype(np.int64), max(len(known) - 2, 0))
    weights = np.zeros((len(wanted), len(known)))
    rows = np.arange(len(wanted))
    weights[rows, before] = 1 - (place - before)
    if len(known) > 1:
        weights[rows, before + 1] = place - before
    return weights
