"""The features of some clips of a data set, where others are left out of it."""

from collections.abc import Sequence
from dataclasses import replace

from earmark.features.extract import FeatureSet
from earmark.features.interchange.table import Chosen


def only_clips(features: FeatureSet, clips: Sequence[int]) -> FeatureSet:
    """Return the features of some of the clips that were kept; what is in a store stays there.

    Args:
        features: Those of all clips.
        clips: Which of them, by their place among those kept.
    """
    return replace(
        features,
        arrays=Chosen(features.arrays, clips),
        shapes=tuple(features.shapes[clip] for clip in clips),
        kept=tuple(features.kept[clip] for clip in clips),
        contents=tuple(features.contents[clip] for clip in clips),
    )
