"""How clips are cut into segments, and features made of them, where a configuration leaves that to the sounds."""

from collections.abc import Sequence

import numpy as np

from earmark.audio.read import read_info
from earmark.audio.segments import Segments, segments_by_count, segments_by_length
from earmark.data.clip import Clip
from earmark.errors import AudioError, DataError, SettingError
from earmark.experiment.config import RunConfig
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import Recipe
from earmark.models.catalogue import NETWORKS

_SEGMENT_S = 2.0
_SHORT_HOP_S = 0.75
_LONG_CLIP_S = 10.0  # from here on a clip gives enough segments side by side
_MOST_PADDED = 2.0  # times the typical clip: from there on a segment is more padding than sound
_N_INFO = 200  # clips that the typical length is taken from: enough for a median, quick on any data set


def make_recipe(config: RunConfig, clips: Sequence[Clip]) -> Recipe:
    """Return how features are made, with the segments resolved for clips of this length.

    Raises:
        SettingError: The segments cannot be.
    """
    settings, name = config.front_end.settings, config.front_end.name
    takes = FRONT_ENDS[name].takes
    if takes == "picture":
        raise SettingError(
            f"the front end {name!r} takes pictures, not sounds: draw them with earmark features DATA -o PICTURES "
            "--format pictures, and train on those"
        )
    if takes != "waveform":
        raise SettingError(f"the front end {name!r} takes features, not sounds: name another, such as mfcc")
    return Recipe(
        front_end=config.front_end.name, settings=settings, segments=_segments(config, clips, settings.sample_rate)
    )


def _segments(config: RunConfig, clips: Sequence[Clip], sample_rate: int) -> Segments | None:
    wanted = config.segments
    if wanted.segment_s is not None:
        segments = segments_by_length(wanted.segment_s, hop_s=wanted.hop_s, sample_rate=sample_rate)
        if wanted.segment_s > _MOST_PADDED * (typical_s := typical_duration_s(clips)):
            raise SettingError(
                f"segment_s is {wanted.segment_s:g} and the clips are about {typical_s:.1f} s long: most of "
                "each segment would be padding; make it shorter"
            )
        return segments
    network = NETWORKS[config.network.name]
    if wanted.count is None and network.whole_clips and FRONT_ENDS[config.front_end.name].whole_clips:
        return None
    typical_samples = round(typical_duration_s(clips) * sample_rate)
    if wanted.count is not None:
        return segments_by_count(wanted.count, clip_samples=typical_samples)
    if network.segment_s is not None:
        length_samples = min(typical_samples, round(network.segment_s * sample_rate))
        return Segments(length_samples=length_samples, hop_samples=length_samples)
    return default_segments(typical_samples, sample_rate)


def default_segments(typical_samples: int, sample_rate: int) -> Segments:
    """Return how clips are cut where neither user nor network says: two seconds, overlapping where clips are short.

    Short segments give the network more to learn from, and their mean more to decide by. How this was chosen:
    docs/decisions/0006-the-default-recipe.md.

    Args:
        typical_samples: The typical length of a clip.
        sample_rate: In Hz.
    """
    length_samples = min(typical_samples, round(_SEGMENT_S * sample_rate))
    hop_s = _SEGMENT_S if typical_samples >= _LONG_CLIP_S * sample_rate else _SHORT_HOP_S
    return Segments(length_samples=length_samples, hop_samples=min(length_samples, round(hop_s * sample_rate)))


def typical_duration_s(clips: Sequence[Clip]) -> float:
    """Return the median length of clips in seconds, from the headers of at most 200 of them spread over the set.

    Raises:
        DataError: None of them can be read.
    """
    step = max(1, -(-len(clips) // _N_INFO))
    durations = []
    for clip in clips[::step]:
        try:
            file_s = read_info(clip.path).duration_s
        except AudioError:  # named when the sounds are read
            continue
        end_s = file_s if clip.end_s is None else min(clip.end_s, file_s)  # a table may ask for more than there is
        if end_s > clip.start_s:
            durations.append(end_s - clip.start_s)
    if not durations:
        raise DataError(f"none of the sounds can be read; the first is {clips[0].path}")
    return float(np.median(durations))
