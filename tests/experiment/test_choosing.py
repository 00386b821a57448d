import numpy as np

from earmark.experiment.choosing import only_clips
from earmark.features.extract import FeatureSet


def test_each_clip_that_stays_keeps_what_is_its_own():
    arrays = tuple(np.full((1, 2, 3), number, np.float32) for number in range(3))
    features = FeatureSet(arrays, ((1, 2, 3),) * 3, (0, 2, 5), ("a", "b", "c"), (), ())
    some = only_clips(features, [2, 0])
    assert [float(array[0, 0, 0]) for array in some.arrays] == [2.0, 0.0]
    assert (some.kept, some.contents, some.shapes) == ((5, 0), ("c", "a"), ((1, 2, 3),) * 2)
    assert len(only_clips(features, []).arrays) == 0
