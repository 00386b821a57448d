import numpy as np
import pytest
import torch

from earmark.errors import SettingError
from earmark.explain.axes import axes_of
from earmark.explain.replacements import default_replacement, replacement_for


def replaced(make, features, name):
    graph, _ = make()
    return replacement_for(graph, torch.as_tensor(features), name)


def test_the_mean_is_that_of_each_bin_of_the_training_data(make, features):
    graph, _ = make()
    graph.standardiser.mean.copy_(torch.arange(16.0)[:, None])

    found = replacement_for(graph, torch.from_numpy(features), "mean")

    assert found.shape == features.shape
    assert found[1, :, 7].tolist() == list(range(16))


def test_quiet_is_the_lowest_value_of_each_segment_by_itself(make, features):
    found = replaced(make, features, "quiet").numpy()

    for segment, one in zip(features, found, strict=True):
        assert np.unique(one) == pytest.approx([segment.min()])


def test_a_blur_is_the_mean_of_what_is_around_and_at_edges_of_what_there_is(make, features):
    found = replaced(make, features, "blur").numpy()

    assert found[0, 8, 16] == pytest.approx(features[0, 6:11, 12:21].mean(), abs=1e-6)
    assert found[0, 0, 0] == pytest.approx(features[0, :3, :5].mean(), abs=1e-6)


def test_what_is_even_is_its_own_blur(make):
    even = np.full((1, 16, 32), 3.5, dtype=np.float32)

    assert replaced(make, even, "blur").numpy() == pytest.approx(even)


def test_colours_are_blurred_each_by_itself(make):
    pictures = torch.zeros(1, 4, 16, 32)
    pictures[0, 2] = 1.0

    found = replaced(make, pictures, "blur")

    assert found[0, 2].min() == pytest.approx(1.0)
    assert found[0, [0, 1, 3]].max() == 0.0


def test_an_unknown_replacement_is_refused_with_the_nearest(make, features):
    with pytest.raises(SettingError, match=r"no replacement called 'blurr': did you mean 'blur'\?"):
        replaced(make, features, "blurr")


@pytest.mark.parametrize(
    ("front_end", "n_bins", "n_frames", "expected"),
    [
        ("log-mel", 16, 32, "blur"),
        ("log-spectrogram", 257, 32, "blur"),
        ("mfcc", 13, 32, "mean"),
        ("statistics", 100, 1, "mean"),
        ("spectrum", 501, 1, "mean"),
        ("stack", 29, 32, "mean"),
    ],
)
def test_only_what_has_frequencies_all_along_is_blurred(make, front_end, n_bins, n_frames, expected):
    more = {"n_mels": 16} if front_end == "stack" else {}
    _, blueprint = make("mlp", front_end, n_bins=n_bins, n_frames=n_frames, **more)

    found = default_replacement(axes_of(blueprint.recipe, n_bins, n_frames), torch.zeros(1, n_bins, n_frames))

    assert found == expected


def test_pictures_are_blurred(make):
    _, blueprint = make("cnn-small", "picture", n_bins=75, n_frames=150)

    assert default_replacement(axes_of(blueprint.recipe, 75, 150), torch.zeros(1, 4, 75, 150)) == "blur"
