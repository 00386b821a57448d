import numpy as np
import pytest

from earmark.evaluate.measures import MEASURES, Items
from earmark.evaluate.remarks import remarks, why_undefined, why_undefined_class


def test_clips_of_every_class_and_many_groups_need_no_remark(tested):
    assert remarks(tested()) == ()


def test_classes_without_a_clip_are_named(tested):
    (said,) = remarks(tested(n_classes=9, y=np.arange(60) % 2, groups=[str(clip) for clip in range(60)]))
    assert said.startswith("no clip is of class 2, class 3, class 4, class 5, class 6 and 2 more: means over classes")
    assert "the other 2 " in said


def test_one_class_alone_is_named(tested):
    said = remarks(tested(n_classes=2, y=np.ones(60, dtype=int)))
    assert said[0].startswith("all clips are of one class, class 1: ROC AUC is undefined")
    assert said[1].startswith("no clip is of class 0: ")


@pytest.mark.parametrize(("n_groups", "words"), [(1, "all clips are of one group"), (4, "there are only 4 groups")])
def test_few_groups_are_named(tested, n_groups, words):
    (said,) = remarks(tested(n_groups=n_groups))
    assert said.startswith(words)


def test_each_reason_fits_its_measure(tested):
    items = Items.of_clips(tested())
    votes = Items.of(tested(), items.y, None, items.group, predicted=items.y)
    assert why_undefined(MEASURES["log_loss"], votes) == "a vote gives no probabilities"
    assert why_undefined(MEASURES["top_3"], items) == "with 3 classes it says too little"
    assert "one class" in why_undefined(MEASURES["roc_auc"], items)


def test_each_reason_fits_its_class():
    assert why_undefined_class("precision", "dog", n_true=3) == "nothing was taken for dog"
    assert why_undefined_class("recall", "dog", n_true=0) == "no clip is of dog"
    assert "everything is of this class" in why_undefined_class("roc_auc", "dog", n_true=3)
