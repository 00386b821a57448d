"""What the rows and columns of features stand for: frequencies, names and times."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from earmark.explain import FloatArray
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import Recipe
from earmark.features.mel import hz_to_mel, mel_to_hz
from earmark.features.mel_spectrogram import MelSettings
from earmark.features.stack import StackSettings

_OF_MEL = ("mel", "log-mel", "pcen")
_OF_LINES = ("spectrogram", "log-spectrogram")
_STATISTICS = ("mean", "deviation", "min", "max", "delta_deviation")  # the order of `summarise`
_ENDINGS = tuple(f"_{statistic}" for statistic in ("delta_deviation", "mean", "deviation", "min", "max"))

Scale = Literal["mel", "linear", "number"]


@dataclass(frozen=True, kw_only=True)
class FeatureAxes:
    """What the bins and frames of features are.

    Attributes:
        times_s: The middle of each frame from the beginning of its segment, (n_frames,), in seconds; None where the
            frames are no times, as in statistics and pictures.
        hop_s: From one frame to the next, in seconds; 0 where the frames are no times.
        frequencies_hz: The middle of each bin, (n_bins,), in Hz, NaN for a bin that has none; None where none has one,
            as in MFCC.
        top_hz: What lies above, no bin sees, in Hz.
        scale: How the bins are spaced; ``number`` where they have no frequencies, or not all.
        bin_names: What each bin is called.
    """

    times_s: FloatArray | None
    hop_s: float
    frequencies_hz: FloatArray | None
    top_hz: float
    scale: Scale
    bin_names: tuple[str, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """The group of each bin: statistics of one thing, such as the mean and deviation of one coefficient, share it.

        Bins that are no statistics are groups of their own.
        """
        return tuple(_stem(name) for name in self.bin_names)

    @property
    def is_heard(self) -> bool:
        """Whether the features have times or frequencies, so that a part of them can be heard."""
        return self.times_s is not None or self.frequencies_hz is not None


def axes_of(recipe: Recipe, n_bins: int, n_frames: int) -> FeatureAxes:
    """Return what the bins and frames of features stand for.

    Args:
        recipe: How they were made.
        n_bins: Number of bins.
        n_frames: Number of frames.

    >>> from earmark.features.log_mel import LogMelSettings
    >>> axes = axes_of(Recipe(front_end="log-mel", settings=LogMelSettings()), 64, 130)
    >>> axes.scale, round(float(axes.times_s[1]), 3), axes.bin_names[0]
    ('mel', 0.023, '51 Hz')
    """
    settings = recipe.settings
    frequencies_hz, scale = _frequencies(recipe, n_bins)
    hop_s, first_s = _frames(recipe)
    sample_rate = getattr(settings, "sample_rate", 0)
    has_time = hop_s > 0 and n_frames > 1
    return FeatureAxes(
        times_s=(first_s + hop_s * np.arange(n_frames)).astype(np.float32) if has_time else None,
        hop_s=hop_s if has_time else 0.0,
        frequencies_hz=frequencies_hz,
        top_hz=float(getattr(settings, "fmax_hz", None) or sample_rate / 2),
        scale=scale,
        bin_names=_names(recipe, n_bins, frequencies_hz),
    )


def _frames(recipe: Recipe) -> tuple[float, float]:
    """Return the hop, and the middle of the first frame, in seconds; zero where frames are no times."""
    settings = recipe.settings
    if recipe.front_end == "waveform":
        return settings.decimation / settings.sample_rate, 0.0
    if FRONT_ENDS[recipe.front_end].whole_clips or not hasattr(settings, "hop_samples"):
        return 0.0, 0.0
    first = 0 if settings.centre else settings.n_fft / 2
    return settings.hop_samples / settings.sample_rate, first / settings.sample_rate


def _frequencies(recipe: Recipe, n_bins: int) -> tuple[FloatArray | None, Scale]:
    name, settings = recipe.front_end, recipe.settings
    found = _frequencies_of(name, settings, n_bins)
    if found is not None:
        return found.astype(np.float32), "mel" if name in _OF_MEL else "linear"
    if isinstance(settings, StackSettings):
        return _of_both(settings, n_bins), "number"
    return None, "number"


def _frequencies_of(name: str, settings: Any, n_bins: int) -> npt.NDArray[np.float64] | None:  # noqa: ANN401 - of any front end
    if name in _OF_MEL and isinstance(settings, MelSettings):
        top_hz = settings.sample_rate / 2 if settings.fmax_hz is None else settings.fmax_hz
        lowest, highest = hz_to_mel([settings.fmin_hz, top_hz], settings.mel_scale).tolist()
        return mel_to_hz(np.linspace(lowest, highest, settings.n_mels + 2)[1:-1], settings.mel_scale)
    if name in _OF_LINES:
        return np.asarray(np.arange(n_bins) * (settings.sample_rate / settings.n_fft))
    if name == "spectrum":
        return np.linspace(0.0, settings.sample_rate / 2, n_bins)
    return None


def _of_both(settings: StackSettings, n_bins: int) -> FloatArray | None:
    """Return the frequencies of two front ends, one above the other: NaN where one has none."""
    first, second = ((name, settings.settings_of(name)) for name in (settings.first, settings.second))
    n_second = _n_bins_of(*second)
    n_first = n_bins - n_second
    parts = [_frequencies_of(*first, n_first), _frequencies_of(*second, n_second)]
    sizes = (n_first, n_second)
    filled = [np.full(size, np.nan) if part is None else part for part, size in zip(parts, sizes, strict=True)]
    return None if all(part is None for part in parts) else np.concatenate(filled).astype(np.float32)


def _n_bins_of(name: str, settings: Any) -> int:  # noqa: ANN401 - of any front end
    if name == "mfcc":
        return int(settings.n_mfcc * (1 + settings.n_deltas))
    return int(settings.n_mels) if name in _OF_MEL else int(settings.n_fft // 2 + 1)


def _names(recipe: Recipe, n_bins: int, frequencies_hz: FloatArray | None) -> tuple[str, ...]:
    if recipe.front_end == "clip-statistics":
        front_end: Any = FRONT_ENDS[recipe.front_end].build(recipe.settings)
        return tuple(front_end.names)
    is_summary = recipe.front_end == "statistics" or getattr(recipe.settings, "summary", False)
    if is_summary and n_bins % len(_STATISTICS) == 0:
        thing = "mfcc" if recipe.front_end == "statistics" else "bin"
        stems = [f"{thing}_{index:02d}" for index in range(n_bins // len(_STATISTICS))]
        return tuple(f"{stem}_{statistic}" for statistic in _STATISTICS for stem in stems)
    if frequencies_hz is None:
        return tuple(f"{'mfcc' if recipe.front_end == 'mfcc' else 'bin'}_{index:02d}" for index in range(n_bins))
    return tuple(
        f"bin_{index:02d}" if np.isnan(middle_hz) else f"{middle_hz:.0f} Hz"
        for index, middle_hz in enumerate(frequencies_hz)
    )


def _stem(name: str) -> str:
    ending = next((ending for ending in _ENDINGS if name.endswith(ending)), "")
    return name.removesuffix(ending)
