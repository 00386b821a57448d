"""One long vector for a whole clip: what classical classifiers are usually fed with, as librosa computes it."""

import math
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from earmark._util.optional import import_extra
from earmark.errors import DataError, SettingError
from earmark.features.mel import check_mel_settings, mel_filters
from earmark.features.mfcc import check_n_mfcc

FloatArray = npt.NDArray[np.floating[Any]]

_LEAST_WIDTH, _USUAL_WIDTH = 3, 9  # frames that a slope is taken over
_CONTRAST_FROM_HZ = 200.0  # librosa's fmin: the lowest band ends here, and each of the others is an octave
_MOST_OCTAVES = 6
_N_PITCH_CLASSES = 12
_MOST_FRAMES_A_SECOND = 500  # what librosa needs for a tempo grows with the square of it
_OF_EACH = ("mean", "deviation", "min", "max")


@dataclass(frozen=True, kw_only=True)
class ClipStatisticsSettings:
    """How the statistics of a clip are made.

    Attributes:
        sample_rate: Samples a second, at least 2000; sounds of another rate are resampled to it.
        n_fft: Length of the Fourier transform and its window, in samples; at least sample_rate / 200, for bands of
            200 Hz are looked at.
        hop_samples: From one frame to the next, in samples; from 2 ms to one second, for a tempo is looked for.
        n_mels: Number of mel bands below the coefficients and the tempo, at most n_fft // 2 + 1.
        n_mfcc: Number of mel-frequency cepstral coefficients, from the lowest on, at most n_mels.

    Raises:
        SettingError: The settings cannot be, or contradict each other.
    """

    sample_rate: int = 22050
    n_fft: int = 2048
    hop_samples: int = 512
    n_mels: int = 128
    n_mfcc: int = 20

    def __post_init__(self) -> None:
        check_mel_settings(
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            hop_samples=self.hop_samples,
            n_mels=self.n_mels,
            fmin_hz=0.0,
            fmax_hz=None,
        )
        least_rate, least_fft = round(10 * _CONTRAST_FROM_HZ), math.ceil(self.sample_rate / _CONTRAST_FROM_HZ)
        if self.sample_rate < least_rate:
            raise SettingError(f"sample_rate must be at least {least_rate}, not {self.sample_rate}")
        if self.n_fft < least_fft:
            raise SettingError(f"n_fft must be at least {least_fft} (sample_rate / 200), not {self.n_fft}")
        least_hop = math.ceil(self.sample_rate / _MOST_FRAMES_A_SECOND)
        if not least_hop <= self.hop_samples <= self.sample_rate:
            allowed = f"from {least_hop} (2 ms) to {self.sample_rate} (one second)"
            raise SettingError(f"hop_samples must be {allowed}, not {self.hop_samples}")
        check_n_mfcc(self.n_mfcc, self.n_mels)

    @property
    def n_octaves(self) -> int:
        """Of how many octaves above 200 Hz the spectral contrast is taken: six, or what the rate has room for."""
        room = (self.sample_rate / 2 - _CONTRAST_FROM_HZ) / _CONTRAST_FROM_HZ
        return min(_MOST_OCTAVES, math.ceil(math.log2(room)))


class ClipStatistics(nn.Module):
    """Turns waveforms into one vector each, whose values `names` tells.

    The mean, deviation, minimum and maximum over time of the MFCC, the centre of gravity, width and roll-off of the
    spectrum in Hz, its flatness, its contrast per octave in dB, the rate of zero crossings, the loudness (RMS) and the
    twelve pitch classes from C on; the deviation of each MFCC's slope; and the tempo in beats a minute. Deviations are
    those of the population (divided by n). A clip of fewer than nine frames takes its slope over the largest odd number
    of frames that fits; with fewer than three frames, the slope is zero. The tempo of a clip in which nothing ever gets
    louder, as in silence, is 0.

    It is computed with librosa, on the processor: no gradient goes through it, and it cannot be exported.

    Args:
        settings: How the statistics are made; the defaults if None.

    Attributes:
        names: The name of each value, such as ``mfcc_03_mean``, ``rolloff_hz_max`` or ``tempo_bpm``.

    Raises:
        MissingExtraError: librosa is not installed.

    >>> ClipStatistics().names[-3:]
    ('mfcc_18_delta_deviation', 'mfcc_19_delta_deviation', 'tempo_bpm')

    Follows librosa 0.11 with its defaults; differs in the clips that are too short for its slope or silent.
    """

    def __init__(self, settings: ClipStatisticsSettings | None = None) -> None:
        super().__init__()
        import_extra("librosa", "librosa")  # so that its absence is told before any sound is read
        self.settings = settings = settings or ClipStatisticsSettings()
        self.names = _names(settings)

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the statistics.

        Args:
            waveform: Clips (batch, n_samples) in [-1, 1], of at least one sample.

        Returns:
            Statistics (batch, n_values, 1), float32, each in the unit that its name ends with.

        Raises:
            DataError: Some samples are not finite.
        """
        clips = waveform.detach().to("cpu", torch.float32).numpy()
        if not np.isfinite(clips).all():
            raise DataError("the statistics of a clip cannot be computed: some of its samples are not finite")
        values = np.empty((len(clips), len(self.names), 1), dtype=np.float32)
        for index, clip in enumerate(clips):
            values[index, :, 0] = self._of_one(clip)
        return torch.from_numpy(values).to(waveform.device)

    def _of_one(self, clip: FloatArray) -> FloatArray:
        settings, librosa = self.settings, import_extra("librosa", "librosa")
        # Padded here, for librosa warns of clips shorter than a frame.
        padded = np.pad(clip, settings.n_fft // 2)
        spectrum = np.abs(
            librosa.stft(padded, n_fft=settings.n_fft, hop_length=settings.hop_samples, center=False)
        )  # (n_fft // 2 + 1, n_frames)
        log_mel = _log_mel(librosa, spectrum, settings)
        mfcc = librosa.feature.mfcc(S=log_mel, n_mfcc=settings.n_mfcc)
        parts = [
            mfcc,
            _of_spectrum(librosa, spectrum, settings),
            _of_samples(librosa, clip, settings),
            _pitch_classes(librosa, spectrum, settings),
        ]
        rows = np.concatenate(parts)  # (n_rows, n_frames)
        of_each = np.stack([rows.mean(axis=-1), rows.std(axis=-1), rows.min(axis=-1), rows.max(axis=-1)], axis=-1)
        return np.concatenate(
            [of_each.ravel(), _slope(librosa, mfcc).std(axis=-1), [_tempo_bpm(librosa, log_mel, settings)]]
        )


def _names(settings: ClipStatisticsSettings) -> tuple[str, ...]:
    mfcc = [f"mfcc_{index:02d}" for index in range(settings.n_mfcc)]
    contrast = [f"contrast_{index}_db" for index in range(settings.n_octaves + 1)]
    chroma = [f"chroma_{index:02d}" for index in range(_N_PITCH_CLASSES)]
    shape = ["centroid_hz", "bandwidth_hz", "rolloff_hz", "flatness", *contrast]
    rows = [*mfcc, *shape, "zero_crossing_rate", "rms", *chroma]
    of_each = [f"{row}_{statistic}" for row in rows for statistic in _OF_EACH]
    return (*of_each, *(f"{row}_delta_deviation" for row in mfcc), "tempo_bpm")


def _log_mel(librosa: ModuleType, spectrum: FloatArray, settings: ClipStatisticsSettings) -> FloatArray:
    # librosa's own filters warn where one falls between two bins.
    filters = mel_filters(sample_rate=settings.sample_rate, n_fft=settings.n_fft, n_mels=settings.n_mels)
    decibel: FloatArray = librosa.power_to_db(filters @ np.square(spectrum))
    return decibel  # (n_mels, n_frames)


def _of_spectrum(librosa: ModuleType, spectrum: FloatArray, settings: ClipStatisticsSettings) -> FloatArray:
    feature, given = librosa.feature, {"S": spectrum, "sr": settings.sample_rate, "n_fft": settings.n_fft}
    return np.concatenate(
        [
            feature.spectral_centroid(**given),
            feature.spectral_bandwidth(**given),
            feature.spectral_rolloff(**given),
            feature.spectral_flatness(S=spectrum),
            feature.spectral_contrast(**given, n_bands=settings.n_octaves),
        ]
    )


def _of_samples(librosa: ModuleType, clip: FloatArray, settings: ClipStatisticsSettings) -> FloatArray:
    frames = {"frame_length": settings.n_fft, "hop_length": settings.hop_samples}
    return np.concatenate([librosa.feature.zero_crossing_rate(clip, **frames), librosa.feature.rms(y=clip, **frames)])


def _pitch_classes(librosa: ModuleType, spectrum: FloatArray, settings: ClipStatisticsSettings) -> FloatArray:
    given = {"S": np.square(spectrum), "sr": settings.sample_rate, "n_fft": settings.n_fft}
    # The steps of librosa.estimate_tuning, which warns where no pitch is found.
    pitch_hz, magnitude = librosa.piptrack(**given)
    is_pitch = pitch_hz > 0
    is_strong = is_pitch & (magnitude >= (np.median(magnitude[is_pitch]) if is_pitch.any() else 0.0))
    tuning = librosa.pitch_tuning(pitch_hz[is_strong]) if is_strong.any() else 0.0
    classes: FloatArray = librosa.feature.chroma_stft(**given, tuning=tuning)
    return classes  # (12, n_frames)


def _slope(librosa: ModuleType, mfcc: FloatArray) -> FloatArray:
    n_frames = mfcc.shape[-1]
    width = min(_USUAL_WIDTH, n_frames - (n_frames + 1) % 2)
    if width < _LEAST_WIDTH:
        return np.zeros_like(mfcc)
    slope: FloatArray = librosa.feature.delta(mfcc, width=width)
    return slope


def _tempo_bpm(librosa: ModuleType, log_mel: FloatArray, settings: ClipStatisticsSettings) -> float:
    given = {"sr": settings.sample_rate, "hop_length": settings.hop_samples}
    onsets = librosa.onset.onset_strength(S=log_mel, n_fft=settings.n_fft, **given)
    return float(librosa.feature.tempo(onset_envelope=onsets, **given)[0]) if onsets.any() else 0.0
