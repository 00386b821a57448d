"""What is wrong with the sound itself: silent, clipped, offset, quiet, band-limited, a dead channel."""

import math
from collections.abc import Callable, Sequence

from earmark.audit.findings import Finding
from earmark.audit.levels import SILENCE
from earmark.audit.measure import Measured, Measures
from earmark.data.dataset import count

_QUIET = 0.01  # peak, -40 dB re full scale
_MOST_OFFSET = 0.01
_LARGE_OFFSET = 0.05
_FEWEST_RUNS = 5
_MUCH_CLIPPED = 0.01
_HALF_BAND = 0.65  # of half the sample rate: below, a clip is told of by itself
_FULL_BAND = 0.9


def find_sound_faults(measures: Measures) -> list[Finding]:
    """Return the clips whose sound is faulty.

    Args:
        measures: What was measured.

    Returns:
        Findings of the kinds ``silent``, ``clipped``, ``offset``, ``quiet``, ``band-limited`` and ``dead-channel``.
        Silent stretches, and sounds that reach nearly as high as their rate promises, are one note for all clips.
    """
    sounds = measures.sounds
    looks: tuple[Callable[[Measured], Finding | None], ...] = (
        _silent,
        _quiet,
        _clipped,
        _offset,
        _band_limited,
        _dead_channel,
    )
    single = [finding for look in looks for sound in sounds if (finding := look(sound))]
    return [*single, *_silent_stretches(sounds), *_nearly_full_band(sounds)]


def _silent(sound: Measured) -> Finding | None:
    if sound.peak > SILENCE:
        return None
    level = "every sample is zero" if sound.peak == 0 else f"no sample is above {_db(sound.peak):.0f} dB"
    return Finding(
        kind="silent",
        severity="error",
        clips=(sound.name,),
        score=1.0,
        message=f"silent: {level}",
        advice="leave it out: there is nothing to learn from it",
    )


def _quiet(sound: Measured) -> Finding | None:
    if not SILENCE < sound.peak < _QUIET:
        return None
    return Finding(
        kind="quiet",
        severity="warning",
        clips=(sound.name,),
        score=min(1.0, 0.5 + (_db(_QUIET) - _db(sound.peak)) / 40),
        message=f"very quiet: its peak is {_db(sound.peak):.0f} dB re full scale, its level {sound.rms_db:.0f} dB",
        advice="listen whether anything is to be heard; of a 16-bit file little more than rounding noise may be left",
    )


def _clipped(sound: Measured) -> Finding | None:
    if sound.n_clipped_runs < _FEWEST_RUNS:
        return None
    is_much = sound.clipped_share >= _MUCH_CLIPPED
    return Finding(
        kind="clipped",
        severity="warning",
        clips=(sound.name,),
        score=1.0 if is_much else 0.5 + 0.5 * sound.clipped_share / _MUCH_CLIPPED,
        message=f"clipped: {sound.clipped_share:.2%} of its samples lie in {sound.n_clipped_runs} flat tops at "
        f"{_db(sound.peak):.1f} dB re full scale",
        advice="take a recording made with less gain; what was cut off cannot be brought back",
    )


def _offset(sound: Measured) -> Finding | None:
    if abs(sound.offset) < _MOST_OFFSET:
        return None
    is_large = abs(sound.offset) >= _LARGE_OFFSET
    return Finding(
        kind="offset",
        severity="warning" if is_large else "note",
        clips=(sound.name,),
        score=1.0 if is_large else 0.5 + 0.5 * abs(sound.offset) / _LARGE_OFFSET,
        message=f"constant offset: its mean is {sound.offset:+.3f} of full scale",
        advice="subtract the mean, or high-pass the sound; the lowest bands of a spectrum hold it otherwise",
    )


def _band_limited(sound: Measured) -> Finding | None:
    share = _band_share(sound)
    if not (sound.is_cut and share < _HALF_BAND):
        return None
    return Finding(
        kind="band-limited",
        severity="warning",
        clips=(sound.name,),
        score=min(1.0, 0.6 + (_HALF_BAND - share)),
        message=f"breaks off at {sound.bandwidth_hz:.0f} Hz: its rate promises {sound.sample_rate // 2} Hz; it was "
        "upsampled, or comes from a lossy file",
        advice="see whether that goes with the class (a shortcut), or choose a front end that stops below",
    )


def _dead_channel(sound: Measured) -> Finding | None:
    if not sound.dead_channels:
        return None
    named = " and ".join(str(channel + 1) for channel in sound.dead_channels)
    one = len(sound.dead_channels) == 1
    return Finding(
        kind="dead-channel",
        severity="warning",
        clips=(sound.name,),
        score=1.0,
        message=f"{'channel' if one else 'channels'} {named} of {sound.n_channels} {'is' if one else 'are'} silent",
        advice="keep the other alone: mixed to one channel, the clip is too quiet",
    )


def _silent_stretches(sounds: Sequence[Measured]) -> list[Finding]:
    partly = [(sum(end - start for start, end in sound.silent_stretches), sound) for sound in sounds]
    partly = [(silent_s, sound) for silent_s, sound in partly if silent_s and sound.peak > SILENCE]
    if not partly:
        return []
    partly.sort(key=lambda pair: (-pair[0] / pair[1].duration_s, pair[1].name))
    most_s, most = partly[0]
    verb = "holds" if len(partly) == 1 else "hold"
    return [
        Finding(
            kind="silent",
            severity="note",
            clips=tuple(sound.name for _, sound in partly),
            score=min(1.0, most_s / most.duration_s),
            message=f"{count(len(partly), 'clip')} {verb} a second or more without any sound; of {most.name} "
            f"{most_s:.1f} of {most.duration_s:.1f} s",
            advice="trim the silence, or let segments without sound out of the training",
        )
    ]


def _nearly_full_band(sounds: Sequence[Measured]) -> list[Finding]:
    limited = [sound for sound in sounds if sound.is_cut and _HALF_BAND <= _band_share(sound) < _FULL_BAND]
    if not limited:
        return []
    limited.sort(key=lambda sound: (_band_share(sound), sound.name))
    verb = "breaks" if len(limited) == 1 else "break"
    lowest, highest = limited[0].bandwidth_hz, limited[-1].bandwidth_hz
    return [
        Finding(
            kind="band-limited",
            severity="note",
            clips=tuple(sound.name for sound in limited),
            score=0.5,
            message=f"{count(len(limited), 'clip')} {verb} off between {lowest:.0f} and {highest:.0f} Hz, as lossy "
            "coding leaves them",
            advice="see whether that goes with the class (a shortcut)",
        )
    ]


def _band_share(sound: Measured) -> float:
    return sound.bandwidth_hz / (sound.sample_rate / 2)


def _db(amplitude: float) -> float:
    return 20 * math.log10(amplitude)
