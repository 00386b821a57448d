"""What is wrong with files: those that cannot be read, and those unlike the rest."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from types import MappingProxyType

import numpy as np

from earmark.audit.findings import Finding
from earmark.audit.measure import Measured, Measures, Unusable
from earmark.data.dataset import Dataset, count

_CONTAINERS = MappingProxyType(
    {
        ".wav": {"WAV", "WAVEX", "RF64", "W64"},
        ".flac": {"FLAC"},
        ".ogg": {"OGG"},
        ".oga": {"OGG"},
        ".opus": {"OGG"},
        ".mp3": {"MP3", "MPEG"},
        ".aiff": {"AIFF"},
        ".aif": {"AIFF"},
        ".aifc": {"AIFF"},
        ".au": {"AU"},
        ".snd": {"AU"},
    }
)
_OWN_SUFFIX = MappingProxyType({"WAVEX": ".wav", "RF64": ".wav", "MPEG": ".mp3"})
_ADVICE = MappingProxyType(
    {
        "unreadable": "copy or download it again, or leave it out",
        "truncated": "copy or download it again, or leave it out",
        "empty": "copy or download it again, or leave it out",
        "not-finite": "write it anew with the program that made it, or leave it out",
    }
)
_FEWEST = 5  # clips that say what is usual
_MOST_SPREADS = 6.0
_LEAST_RATIO = 1.5  # a clip of half as long again is not called odd where all are equal
_SHORT_S = 0.05


def find_file_faults(measures: Measures, dataset: Dataset) -> list[Finding]:
    """Return the files that cannot be used, are called wrongly, or are unlike the rest.

    Args:
        measures: What was measured.
        dataset: The data set.

    Returns:
        Findings of the kinds ``unreadable``, ``truncated``, ``empty``, ``not-finite``, ``wrong-extension``,
        ``odd-duration`` and ``mixed-rates``.
    """
    suffixes = [PurePosixPath(dataset[sound.index].name).suffix.lower() for sound in measures.sounds]
    return [
        *(_unusable(clip) for clip in measures.unusable),
        *(
            finding
            for sound, suffix in zip(measures.sounds, suffixes, strict=True)
            if (finding := _wrong_extension(sound, suffix))
        ),
        *_odd_durations(measures.sounds),
        *_mixed(measures.sounds),
    ]


def _unusable(clip: Unusable) -> Finding:
    return Finding(
        kind=clip.kind,
        severity="error",
        clips=(clip.name,),
        score=1.0,
        message=clip.reason.split(": copy or download")[0],
        advice=_ADVICE[clip.kind],
    )


def _wrong_extension(sound: Measured, suffix: str) -> Finding | None:
    expected = _CONTAINERS.get(suffix)
    if sound.container in (expected or ()):
        return None
    own = _OWN_SUFFIX.get(sound.container, f".{sound.container.lower()}")
    written = f"its name ends in {suffix}" if suffix else "its name has no suffix"
    return Finding(
        kind="wrong-extension",
        severity="warning" if expected else "note",
        clips=(sound.name,),
        score=1.0,
        message=f"{written}, and the file is {sound.container}",
        advice=f"call it {own}: other programs go by the name",
    )


def _odd_durations(sounds: Sequence[Measured]) -> list[Finding]:
    """Return the clips far longer or shorter than the rest: by the median and its absolute deviation, of logarithms."""
    if len(sounds) < _FEWEST:
        return []
    logarithms = np.log([sound.duration_s for sound in sounds])
    usual = float(np.median(logarithms))
    spread = 1.4826 * float(np.median(np.abs(logarithms - usual)))  # of a normal distribution: its standard deviation
    limit = max(_MOST_SPREADS * spread, np.log(_LEAST_RATIO))
    findings = []
    for sound, logarithm in zip(sounds, logarithms, strict=True):
        far = abs(logarithm - usual)
        if far > limit or sound.duration_s < _SHORT_S:
            how = "shorter" if logarithm < usual else "longer"
            message = f"{sound.duration_s:.3g} s long, far {how} than the rest (half are about {np.exp(usual):.3g} s)"
            findings.append(
                Finding(
                    kind="odd-duration",
                    severity="warning",
                    clips=(sound.name,),
                    score=max(0.5, float(1 - limit / (2 * far))) if far > limit else 0.5,
                    message=message,
                    advice="listen whether it is what its label says; cut it, or leave it out",
                )
            )
    return findings


def _mixed(sounds: Sequence[Measured]) -> list[Finding]:
    """Return a finding for each way in which files are stored differently: rates, widths, channels."""
    ways: tuple[tuple[str, Callable[[Measured], object], Callable[[object], str]], ...] = (
        ("sample rates", lambda sound: sound.sample_rate, lambda value: f"{value} Hz"),
        ("channels", lambda sound: sound.n_channels, lambda value: count(int(str(value)), "channel")),
        ("formats", lambda sound: f"{sound.container} {sound.subtype}", str),
    )
    findings = []
    for title, of_sound, worded in ways:
        values = [of_sound(sound) for sound in sounds]
        counts = Counter(values).most_common()
        if len(counts) > 1:
            usual = counts[0][0]
            told = ", ".join(f"{count(number, 'clip')} of {worded(value)}" for value, number in counts)
            rare = [sound.name for sound, value in zip(sounds, values, strict=True) if value != usual]
            findings.append(
                Finding(
                    kind="mixed-rates",
                    severity="warning" if title == "sample rates" else "note",
                    clips=tuple(rare),
                    score=1.0,
                    message=f"{title} differ: {told}",
                    advice="see whether it goes with the class (a shortcut); training resamples and mixes to one rate "
                    "and channel",
                )
            )
    return findings
