"""Writing sound: to bytes in memory, or to a file, whole."""

import io
from pathlib import Path

import numpy as np
import soundfile

from earmark._util.catalogue import Catalogue
from earmark._util.files import write_whole
from earmark.audio import FloatArray
from earmark.audio.resample import resample
from earmark.errors import SettingError

SUBTYPES = Catalogue(
    "sound container",
    {
        "WAV": "PCM_16",
        "FLAC": "PCM_16",
        "OGG": "VORBIS",
        "MP3": "MPEG_LAYER_III",
        "AIFF": "PCM_16",
        "AU": "PCM_16",
    },
)
"""The containers that are written, and how samples are written in each."""

CONTAINERS = Catalogue(
    "suffix of a sound file that can be written",
    {
        ".wav": "WAV",
        ".flac": "FLAC",
        ".ogg": "OGG",
        ".oga": "OGG",
        ".mp3": "MP3",
        ".aiff": "AIFF",
        ".aif": "AIFF",
        ".au": "AU",
        ".snd": "AU",
    },
)
"""The container that belongs to a suffix."""

_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # ISO/IEC 11172-3, 13818-3 and MPEG-2.5
_BLOCK_SAMPLES = 1 << 16  # libsndfile 1.2 overflows its stack when a long Ogg Vorbis is written in one go


def encode_sound(waveform: FloatArray, sample_rate: int, *, container: str = "WAV") -> bytes:
    """Return a sound file as bytes.

    Samples beyond [-1, 1] are clipped. WAV, FLAC, AIFF and AU are written with 16 bits. MP3 has nine sample rates; a
    waveform of another is resampled to the next one above, or to 48000 Hz.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.
        sample_rate: Its rate, in Hz.
        container: ``WAV``, ``FLAC``, ``OGG``, ``MP3``, ``AIFF`` or ``AU``.

    Raises:
        SettingError: The container is unknown, or the waveform is empty, not of one axis, or not finite.
    """
    subtype = SUBTYPES[container]
    _check_waveform(waveform, sample_rate)
    if container == "MP3" and sample_rate not in _MP3_RATES:
        nearest_rate = next((rate for rate in _MP3_RATES if rate >= sample_rate), _MP3_RATES[-1])
        waveform = resample(waveform, from_rate=sample_rate, to_rate=nearest_rate)
        sample_rate = nearest_rate
    stream = io.BytesIO()
    clipped = np.clip(waveform, -1.0, 1.0)
    with soundfile.SoundFile(stream, "w", sample_rate, 1, subtype, format=container) as sound:
        for start in range(0, len(clipped), _BLOCK_SAMPLES):
            sound.write(clipped[start : start + _BLOCK_SAMPLES])
    return stream.getvalue()


def write_sound(path: Path | str, waveform: FloatArray, sample_rate: int) -> None:
    """Write a sound file, whole or not at all, in the container that its suffix names.

    Args:
        path: Where it is to be: ``.wav``, ``.flac``, ``.ogg``, ``.mp3``, ``.aiff`` or ``.au``. Its folder is made.
        waveform: Sound, shape (n_samples,), at least one sample.
        sample_rate: Its rate, in Hz.

    Raises:
        SettingError: The suffix is unknown, or the waveform cannot be written (see `encode_sound`).
        StorageError: The file cannot be written.
    """
    path = Path(path)
    encoded = encode_sound(waveform, sample_rate, container=CONTAINERS[path.suffix.lower()])
    with write_whole(path) as part:
        part.write_bytes(encoded)


def _check_waveform(waveform: FloatArray, sample_rate: int) -> None:
    if sample_rate < 1:
        raise SettingError(f"sample_rate is {sample_rate}: a sample rate is a whole number of Hz, such as 22050")
    if waveform.ndim != 1 or len(waveform) == 0:
        raise SettingError(f"a waveform to write has the shape (n_samples,), not {waveform.shape}")
    if not np.isfinite(waveform).all():
        raise SettingError("the waveform has samples that are not finite (NaN or infinite)")
