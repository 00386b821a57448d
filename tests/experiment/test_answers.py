import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, save

from earmark.errors import StorageError
from earmark.experiment.answers import Answers

LABELS = ("dog", "rain ü", 'a "quoted" one, with\ncomma')


def made(n_segments, labels=LABELS, seed=0):
    chances = np.random.default_rng(seed).random((sum(n_segments), len(labels)))
    return Answers(labels=labels, probabilities=chances, n_segments=np.array(n_segments, dtype=np.int64))


@pytest.mark.slow
@given(n_segments=st.lists(st.integers(1, 5), min_size=1, max_size=6), transposed=st.booleans())
def test_what_is_read_is_what_was_written_to_the_last_bit(tmp_path_factory, n_segments, transposed):
    path = tmp_path_factory.mktemp("answers") / "a.safetensors"
    one = made(n_segments)
    if transposed:  # in another order in memory
        one = Answers(labels=one.labels, probabilities=np.asfortranarray(one.probabilities), n_segments=one.n_segments)
    one.save(path)
    again = Answers.load(path)
    assert again.labels == one.labels
    assert np.array_equal(again.probabilities, one.probabilities)
    assert np.array_equal(again.n_segments, one.n_segments)


@given(order=st.permutations(["dog", "rain ü", LABELS[2], "never heard"]))
def test_other_labels_get_their_own_column_and_what_was_not_learnt_nothing(order):
    one = made([2, 1])
    columns = one.for_labels(order)
    for place, label in enumerate(order):
        expected = one.probabilities[:, LABELS.index(label)] if label in LABELS else np.zeros(3)
        assert np.array_equal(columns[:, place], expected)


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        (lambda path: path.unlink(), r"holds no a\.safetensors"),
        (lambda path: path.write_bytes(b""), "is damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "is damaged"),
        (lambda path: path.write_bytes(b"thesis" * 99), "is damaged"),
        (lambda path: made([2], labels=("a", "b")).save(path) or _without_labels(path), "is damaged"),
        (
            lambda path: Answers(labels=("a",), probabilities=np.ones((3, 1)), n_segments=np.array([2])).save(path),
            "do not belong together",
        ),
        (
            lambda path: Answers(labels=("a", "b"), probabilities=np.ones((2, 1)), n_segments=np.array([2])).save(path),
            "do not belong together",
        ),
    ],
)
def test_what_is_not_whole_is_one_line(tmp_path, damage, match):
    path = tmp_path / "a.safetensors"
    made([1]).save(path)
    damage(path)
    with pytest.raises(StorageError, match=match) as caught:
        Answers.load(path)
    assert "\n" not in str(caught.value)


def _without_labels(path):
    path.write_bytes(save(load(path.read_bytes())))
