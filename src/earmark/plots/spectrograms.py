"""Spectrograms and coefficients of a sound, as earmark's front ends compute them, ready to be drawn."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from earmark.audio import FloatArray
from earmark.errors import SettingError
from earmark.plots.columns import MAX_COLUMNS, Columns, Framing, choose_framing, feature_columns
from earmark.plots.frequency_axis import lowest_shown_hz
from earmark.plots.image import ImageDrawing, even_rows, octave_rows

if TYPE_CHECKING:  # who draws a waveform need not wait for torch
    from torch import Tensor

    from earmark.features.mfcc import MfccSettings
    from earmark.features.spectrogram import Quantity

_RANGE_DB = 80.0
_SILENCE_DB = -100.0  # what the front ends give for no sound at all
_LEAST_MAGNITUDE = 1e-6  # what is not above is silence, whose colours say nothing
_MAX_ROWS = 360
_PERCENTILE = 99.9


@dataclass(frozen=True, kw_only=True)
class ImageSettings:
    """How a sound is cut into frames, and how large the image may be.

    Attributes:
        n_fft: Length of a frame, in samples; None for what suits the sample rate: about 93 ms.
        hop_samples: From one frame to the next, in samples; None for what suits the length of the sound.
        start_s: Where the sound begins, in seconds.
        n_columns: How many columns there may be; where there are more frames, a column shows the loudest of several.
        n_rows: How many rows there may be.
    """

    n_fft: int | None = None
    hop_samples: int | None = None
    start_s: float = 0.0
    n_columns: int = MAX_COLUMNS
    n_rows: int = _MAX_ROWS

    def framing(self, n_samples: int, sample_rate: int) -> Framing:
        """Return the frames of a sound.

        Raises:
            SettingError: A setting cannot be.
        """
        for name, value, least in (("n_fft", self.n_fft, 2), ("hop_samples", self.hop_samples, 1)):
            if value is not None and value < least:
                raise SettingError(f"{name} must be at least {least}, not {value}")
        return choose_framing(
            n_samples, sample_rate, n_fft=self.n_fft, hop_samples=self.hop_samples, n_columns=self.n_columns
        )


def spectrogram_drawing(
    waveform: FloatArray, sample_rate: int, settings: ImageSettings, *, quantity: "Quantity" = "magnitude"
) -> ImageDrawing:
    """Return a spectrogram, evenly spaced in frequency, and in colours evenly spaced in magnitude or power.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.
        sample_rate: Samples a second.
        settings: How it is made.
        quantity: ``magnitude``, or its square, ``power``.

    Raises:
        SettingError: A setting cannot be, or the samples are too large.
    """
    from earmark.features.spectrogram import Spectrogram, SpectrogramSettings  # noqa: PLC0415 - it brings torch

    framing = settings.framing(len(waveform), sample_rate)
    front_end = Spectrogram(
        SpectrogramSettings(
            sample_rate=sample_rate, n_fft=framing.n_fft, hop_samples=framing.hop_samples, quantity=quantity
        )
    )
    columns = feature_columns(waveform, front_end, framing)
    values, n_shared = even_rows(columns.values, settings.n_rows)
    bin_hz = sample_rate / framing.n_fft
    return ImageDrawing(
        values=values,
        **_times(columns, len(waveform), framing, settings),
        bottom=-bin_hz / 2,
        top=(len(values) * n_shared - 0.5) * bin_hz,
        lowest=0.0,
        highest=sample_rate / 2,
        scale="linear",
        low=0.0,
        high=float(values.max()) if values.max() > _LEAST_MAGNITUDE else 1.0,
        unit="linear",
        heading=f"spectrogram ({quantity})",
        remark=_remark(framing, len(waveform)),
        colour_label=quantity,
    )


def log_spectrogram_drawing(
    waveform: FloatArray, sample_rate: int, settings: ImageSettings, *, top_db: float = _RANGE_DB
) -> ImageDrawing:
    """Return a spectrogram spaced by octaves, from 20 Hz on, in dB.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.
        sample_rate: Samples a second.
        settings: How it is made.
        top_db: How far below the loudest point the colours reach, in dB.

    Raises:
        SettingError: A setting cannot be, or the samples are too large.
    """
    from earmark.features.log_spectrogram import LogSpectrogram, LogSpectrogramSettings  # noqa: PLC0415 - torch

    framing = settings.framing(len(waveform), sample_rate)
    front_end = LogSpectrogram(
        LogSpectrogramSettings(
            sample_rate=sample_rate, n_fft=framing.n_fft, hop_samples=framing.hop_samples, top_db=None
        )
    )
    columns = feature_columns(waveform, front_end, framing)
    lowest, highest = lowest_shown_hz(sample_rate), sample_rate / 2
    edges_hz = np.geomspace(lowest, highest, settings.n_rows + 1)
    values = octave_rows(columns.values, sample_rate / framing.n_fft, edges_hz)
    low, high = _decibel_limits(values, top_db)
    return ImageDrawing(
        values=values,
        **_times(columns, len(waveform), framing, settings),
        bottom=lowest,
        top=highest,
        lowest=lowest,
        highest=highest,
        scale="log",
        low=low,
        high=high,
        unit="db",
        heading="log-spectrogram",
        remark=_remark(framing, len(waveform)),
        colour_label="power (dB re 1)",
    )


def mel_drawing(
    waveform: FloatArray,
    sample_rate: int,
    settings: ImageSettings,
    *,
    n_mels: int = 128,
    top_db: float = _RANGE_DB,
) -> ImageDrawing:
    """Return a log-mel spectrogram: bands of the mel scale, in dB.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.
        sample_rate: Samples a second.
        settings: How it is made.
        n_mels: Number of bands.
        top_db: How far below the loudest point the colours reach, in dB.

    Raises:
        SettingError: A setting cannot be, or the samples are too large.
    """
    from earmark.features.log_mel import LogMel, LogMelSettings  # noqa: PLC0415 - it brings torch
    from earmark.features.mel import hz_to_mel, mel_to_hz  # noqa: PLC0415 - it brings torch

    framing = settings.framing(len(waveform), sample_rate)
    front_end = LogMel(
        LogMelSettings(
            sample_rate=sample_rate,
            n_fft=framing.n_fft,
            hop_samples=framing.hop_samples,
            n_mels=n_mels,
            top_db=None,
        )
    )
    columns = feature_columns(waveform, front_end, framing)
    low, high = _decibel_limits(columns.values, top_db)
    half_mel = float(hz_to_mel(sample_rate / 2))
    band_mel = half_mel / (n_mels + 1)  # from the middle of a band to that of the next
    return ImageDrawing(
        values=columns.values,
        **_times(columns, len(waveform), framing, settings),
        bottom=float(mel_to_hz(band_mel / 2)),
        top=float(mel_to_hz(half_mel - band_mel / 2)),
        lowest=0.0,
        highest=sample_rate / 2,
        scale="mel",
        low=low,
        high=high,
        unit="db",
        heading="log-mel spectrogram",
        remark=_remark(framing, len(waveform), f"{n_mels} bands"),
        colour_label="power (dB re 1)",
    )


def mfcc_drawing(
    waveform: FloatArray, sample_rate: int, settings: ImageSettings, *, n_mfcc: int = 13, n_mels: int = 128
) -> ImageDrawing:
    """Return mel-frequency cepstral coefficients, counted from 0.

    Coefficient 0 follows the loudness and is many times larger than the others: the colours are made for these.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.
        sample_rate: Samples a second.
        settings: How it is made; a column shows the mean where it has several frames.
        n_mfcc: Number of coefficients.
        n_mels: Number of mel bands below them.

    Raises:
        SettingError: A setting cannot be, or the samples are too large.
    """
    from earmark.features.mfcc import MfccSettings  # noqa: PLC0415 - it brings torch

    framing = settings.framing(len(waveform), sample_rate)
    columns = _coefficients(
        waveform,
        MfccSettings(
            sample_rate=sample_rate,
            n_fft=framing.n_fft,
            hop_samples=framing.hop_samples,
            n_mels=n_mels,
            n_mfcc=n_mfcc,
        ),
        framing,
    )
    shape = columns.values[1:] if n_mfcc > 1 else columns.values
    reach = max(float(np.percentile(np.abs(shape), _PERCENTILE)), 1.0)
    return ImageDrawing(
        values=columns.values,
        **_times(columns, len(waveform), framing, settings),
        bottom=-0.5,
        top=n_mfcc - 0.5,
        lowest=-0.5,
        highest=n_mfcc - 0.5,
        scale="number",
        low=-reach,
        high=reach,
        unit="signed",
        heading="MFCC",
        remark=_remark(framing, len(waveform), f"{n_mels} bands", shows="mean"),
        colour_label="coefficient (dB)",
    )


def _coefficients(waveform: FloatArray, settings: "MfccSettings", framing: Framing) -> Columns:
    from earmark.features.mfcc import Mfcc  # noqa: PLC0415 - it brings torch

    front_end = Mfcc(settings)
    if framing.n_shared(len(waveform)) == 1 or settings.top_db is None:
        return feature_columns(waveform, front_end, framing, loudest=False)
    # Block by block, top_db would look at the loudest point of a block: it is sought in the whole sound first.
    from earmark.features.decibel import power_to_db  # noqa: PLC0415 - it brings torch

    def decibel(block: "Tensor") -> "Tensor":
        return power_to_db(front_end.mel(block), None)

    floor = float(feature_columns(waveform, decibel, framing).values.max()) - settings.top_db
    return feature_columns(
        waveform, lambda block: front_end.cosines @ decibel(block).clamp(min=floor), framing, loudest=False
    )


def _times(columns: Columns, n_samples: int, framing: Framing, settings: ImageSettings) -> dict[str, float]:
    start_s = settings.start_s
    return {
        "left_s": start_s + columns.left_s,
        "right_s": start_s + columns.right_s,
        "start_s": start_s,
        "end_s": start_s + n_samples / framing.sample_rate,
    }


def _decibel_limits(values: FloatArray, top_db: float) -> tuple[float, float]:
    """Return the values of the first and the last colour, such that silence is dark.

    Raises:
        SettingError: `top_db` is not above 0.
    """
    if not 0 < top_db < np.inf:
        raise SettingError(f"top_db must be above 0, such as 80, not {top_db:g}")
    high = max(float(values.max()), _SILENCE_DB + top_db)
    return high - top_db, high


def _remark(framing: Framing, n_samples: int, *more: str, shows: str = "loudest") -> str:
    n_shared = framing.n_shared(n_samples)
    shared = [f"{shows} of {n_shared} frames"] if n_shared > 1 else []
    return ", ".join([f"n_fft {framing.n_fft:,}, hop {framing.hop_samples:,}", *more, *shared])
