"""The tree of errors: one root, and each leaf what a caller would also expect it to be."""

import pickle

import pytest

from earmark import errors

LEAVES = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind is not errors.EarmarkError]


@pytest.mark.parametrize("kind", LEAVES)
def test_every_error_hangs_directly_below_the_one_root(kind):
    assert kind.__bases__[0] is errors.EarmarkError


def test_the_tree_has_about_six_leaves():
    assert len(LEAVES) == 7


@pytest.mark.parametrize(
    ("kind", "builtin"), [(errors.SettingError, ValueError), (errors.MissingExtraError, ImportError)]
)
def test_an_error_with_a_builtin_meaning_is_caught_as_that_too(kind, builtin):
    with pytest.raises(builtin, match="wrong"):
        raise kind("wrong")


def test_the_root_is_no_builtin_that_an_unrelated_handler_would_catch():
    assert errors.EarmarkError.__bases__ == (Exception,)


def test_an_audio_error_names_the_file_and_then_the_reason():
    error = errors.AudioError("jazz/54.wav", "it is empty")
    assert str(error) == "jazz/54.wav: it is empty"
    assert (error.path, error.reason) == ("jazz/54.wav", "it is empty")


def test_the_path_of_an_audio_error_is_text_whatever_was_given(tmp_path):
    assert errors.AudioError(tmp_path / "a b.wav", "no").path == str(tmp_path / "a b.wav")


@pytest.mark.parametrize("kind", [kind for kind in LEAVES if kind is not errors.AudioError])
def test_an_error_survives_the_way_back_from_a_worker_process(kind):
    copy = pickle.loads(pickle.dumps(kind("what is wrong")))  # noqa: S301 - its own bytes, as multiprocessing does
    assert type(copy) is kind
    assert str(copy) == "what is wrong"


def test_an_audio_error_survives_the_way_back_from_a_worker_process():
    copy = pickle.loads(pickle.dumps(errors.AudioError("a.wav", "it is empty")))  # noqa: S301 - its own bytes
    assert (str(copy), copy.path, copy.reason) == ("a.wav: it is empty", "a.wav", "it is empty")
