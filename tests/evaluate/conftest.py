"""What a made-up classifier says of made-up clips."""

import numpy as np
import pytest

from earmark.evaluate.tested import make_tested


def make(*, n_clips=60, n_groups=15, n_classes=3, n_segments=3, skill=1.5, seed=0, **changes):
    """Return answers that are mostly right; every class occurs, and groups are of equal size or nearly so."""
    rng = np.random.default_rng(seed)
    y = np.arange(n_clips) % n_classes
    clip_index = np.repeat(np.arange(n_clips), n_segments)
    logits = rng.standard_normal((len(clip_index), n_classes)) + skill * np.eye(n_classes)[y][clip_index]
    logits += rng.standard_normal((n_clips, n_classes))[clip_index]
    shares = np.exp(logits)
    given = {
        "labels": [f"class {index}" for index in range(n_classes)],
        "y": y,
        "groups": [f"source {clip // n_classes % n_groups:03d}" for clip in range(n_clips)],
        "names": [f"{clip}.wav" for clip in range(n_clips)],
        "segment_probabilities": shares / shares.sum(axis=1, keepdims=True),
        "clip_index": clip_index,
    }
    return make_tested(**given | changes)


@pytest.fixture(scope="session")
def tested():
    """Make answers: see `make`."""
    return make
