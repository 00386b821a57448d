"""A room around a sound: echoes that die away."""

from dataclasses import dataclass

import numpy as np

from earmark.audio import FloatArray
from earmark.augment.chance import change_each
from earmark.augment.checks import check_range, check_sample_rate, check_share
from earmark.augment.level import db_to_power, mean_square


@dataclass(frozen=True, kw_only=True)
class RoomSettings:
    """How long echoes last, and how strong they are.

    Attributes:
        p: The chance that an item is changed.
        rt60_s_low: The shortest time in which the echoes fall by 60 dB, in seconds, from 0 for no room at all.
        rt60_s_high: The longest, up to 10.
        direct_db_low: The least ratio of the power of the direct sound to that of all echoes, in dB: far away.
        direct_db_high: The largest, in dB: near.
        sample_rate: Samples a second.

    Raises:
        SettingError: A setting is out of its range.
    """

    p: float = 1.0
    rt60_s_low: float = 0.1
    rt60_s_high: float = 0.8
    direct_db_low: float = 0.0
    direct_db_high: float = 15.0
    sample_rate: int = 22050

    def __post_init__(self) -> None:
        check_share(self, "p")
        check_range(self, "rt60_s", least=0.0, most=10.0)
        check_range(self, "direct_db", least=-60.0, most=120.0)
        check_sample_rate(self.sample_rate)


def add_room(batch: FloatArray, generator: np.random.Generator, settings: RoomSettings) -> FloatArray:
    """Put each waveform into a room of its own, at its level (root mean square) and length.

    What would sound on behind its end is cut.

    Args:
        batch: Waveforms (batch, n_samples).
        generator: Chooses the items, and makes the rooms.
        settings: How long echoes last, and how strong they are.

    >>> add_room(np.ones((2, 100), np.float32), np.random.default_rng(0), RoomSettings()).shape
    (2, 100)
    """
    from scipy.signal import oaconvolve  # noqa: PLC0415 - imports are lazy

    def change(waveform: FloatArray) -> FloatArray:
        rt60_s = generator.uniform(settings.rt60_s_low, settings.rt60_s_high)
        direct_db = generator.uniform(settings.direct_db_low, settings.direct_db_high)
        response = room_response(rt60_s, direct_db, sample_rate=settings.sample_rate, generator=generator)
        if len(response) == 1:
            return waveform
        answer = oaconvolve(waveform, response)[: len(waveform)].astype(np.float32)
        before, after = mean_square(waveform[None]).item(), mean_square(answer[None]).item()
        return answer * np.float32(np.sqrt(before / after)) if before > 0 and after > 0 else waveform

    return change_each(batch, generator, p=settings.p, takes="waveform", change=change)


def room_response(rt60_s: float, direct_db: float, *, sample_rate: int, generator: np.random.Generator) -> FloatArray:
    """Return what a made-up room answers to a click: the click, then noise that dies away exponentially.

    Args:
        rt60_s: In how many seconds the echoes fall by 60 dB, from 0.
        direct_db: Power of the click against that of all echoes, in dB.
        sample_rate: Samples a second.
        generator: Makes the noise.

    Returns:
        The response, shape (1 + n_taps,), which begins with 1; the click alone where `rt60_s` is less than a sample.

    >>> room_response(0.5, 3.0, sample_rate=1000, generator=np.random.default_rng(0)).shape
    (501,)

    Source: the model of a diffuse field, as in Polack (1988), "La transmission de l'énergie sonore dans les salles".
    """
    n_taps = round(rt60_s * sample_rate)
    decay = np.power(10.0, -3.0 * np.arange(1, n_taps + 1) / max(1, n_taps))  # -60 dB in amplitude: 10 ** -3
    echoes = generator.standard_normal(n_taps) * decay
    echoes /= np.sqrt((echoes @ echoes or 1.0) * db_to_power(direct_db))
    return np.concatenate([[1.0], echoes]).astype(np.float32)
