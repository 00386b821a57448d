import json
import math

import numpy as np
import pytest
import torch

from earmark.errors import SettingError
from earmark.inference.prediction import Caution, Judge
from earmark.models.doubt import Doubt

LABELS = ("dog", "noise", "rain")


def judge(n=20, labels=LABELS, background=("noise",), **caution):
    doubt = Doubt()
    doubt.fill(
        points=torch.zeros(1, 2),
        novelties=torch.linspace(1.0, 2.0, n),
        scores=torch.linspace(0.05, 1.0, n),
        weights=torch.ones(n),
        thresholds=torch.tensor([0.9, 0.2, 0.4]),
    )
    return Judge(labels, background, doubt, Caution(**caution))


def said(probabilities, distance=None, **caution):
    return judge(**caution).judge("a.wav", np.array(probabilities), distance)


def test_without_caution_the_likeliest_is_always_said():
    prediction = said([0.34, 0.33, 0.33])

    assert (prediction.label, prediction.best_guess, prediction.said) == ("dog", "dog", "dog")
    assert prediction.labels is None


@pytest.mark.parametrize(("least", "label"), [(0.6, "dog"), (0.61, None), (0, "dog"), (1, None)])
def test_a_label_is_said_from_the_confidence_on_that_is_asked(least, label):
    prediction = said([0.6, 0.3, 0.1], min_confidence=least)

    assert (prediction.label, prediction.best_guess, prediction.probability) == (label, "dog", 0.6)


def test_each_class_has_its_own_threshold_where_that_is_asked():
    assert said([0.6, 0.3, 0.1], min_confidence="per-class").label is None
    assert said([0.1, 0.3, 0.6], min_confidence="per-class").label == "rain"


def test_a_background_class_is_said_as_none_of_these():
    prediction = said([0.1, 0.8, 0.1])

    assert prediction.said == "none of these (noise)"
    assert (prediction.label, prediction.is_background) == ("noise", True)
    assert not said([0.8, 0.1, 0.1]).is_background


def test_a_set_holds_the_likely_labels_likeliest_first():
    assert said([0.1, 0.3, 0.6], coverage=0.8).labels == ("rain", "noise")
    assert said([0.1, 0.3, 0.6], coverage=0.5).labels == ("rain",)
    assert said([0.3, 0.3, 0.4], coverage=0.5).labels == ()


def test_the_best_guess_stays_beside_an_empty_set():
    prediction = said([0.3, 0.3, 0.4], coverage=0.5)

    assert (prediction.label, prediction.best_guess) == ("rain", "rain")


def test_novelty_is_one_where_a_share_of_95_percent_of_validation_clips_is_nearer():
    cutoff = 1 + 18.95 / 19

    assert said([1, 0, 0], distance=cutoff).novelty == pytest.approx(1)
    assert said([1, 0, 0], distance=cutoff + 0.001).is_novel
    assert not said([1, 0, 0], distance=cutoff - 0.001).is_novel


@pytest.mark.parametrize("n", [1, 5])
def test_with_few_validation_clips_the_furthest_of_them_is_the_measure(n):
    furthest = 1.0 if n == 1 else 2.0

    assert judge(n=n).judge("a", np.array([1.0, 0, 0]), furthest).novelty == pytest.approx(1)


def test_what_is_not_known_is_none():
    prediction = said([1, 0, 0])

    assert (prediction.novelty, prediction.is_novel) == (None, None)


def test_it_goes_through_json():
    value = json.loads(json.dumps(said([0.2, 0.5, 0.3], 3.0, coverage=0.8, min_confidence=0.9).to_json()))

    assert value["label"] is None
    assert value["best_guess"] == "noise"
    assert value["is_background"] is True
    assert value["is_novel"] is True
    assert value["labels"] == ["noise", "rain", "dog"]


@pytest.mark.parametrize("value", [-0.1, 1.5, 70, math.nan, "0.7", "own"])
def test_a_confidence_that_cannot_be_is_named(value):
    with pytest.raises(
        SettingError, match=r"min_confidence is .*: write a number from 0 to 1 such as 0\.7, or per-class"
    ):
        Caution(min_confidence=value)


@pytest.mark.parametrize("value", [0, 1, 90, -1, math.nan])
def test_a_coverage_that_cannot_be_is_named(value):
    with pytest.raises(SettingError, match=r"coverage is .*: write a number between 0 and 1, such as 0\.9"):
        Caution(coverage=value)
