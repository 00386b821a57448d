import pytest

from earmark.data.background import background_labels


@pytest.mark.parametrize(
    "label",
    [
        "noise",
        "background",
        "other",
        "silence",
        "_background_noise_",
        "Noise",
        "BACKGROUND",
        "none-of-these",
        "_unknown_",
    ],
)
def test_it_means_none_of_these(label):
    assert background_labels(["dog", label, "rain"]) == (label,)


@pytest.mark.parametrize("label", ["noisy_miner", "brother", "silence of the lambs", "white noise", "another", ""])
def test_it_is_a_class_like_any_other(label):
    assert background_labels(["dog", label]) == ()


def test_where_all_are_such_none_is_meant():
    assert background_labels(["noise", "silence"]) == ()
    assert background_labels(["noise", "silence", "dog"]) == ("noise", "silence")
    assert background_labels([]) == ()
