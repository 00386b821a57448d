import json

import pytest

from earmark.errors import SettingError, StorageError
from earmark.lessons.copy_out import copy_lessons


def test_a_script_is_copied_as_it_is(lesson, tmp_path):
    assert copy_lessons([lesson], tmp_path / "out") == [tmp_path / "out" / "07_pooling_by_hand.py"]
    assert (tmp_path / "out" / "07_pooling_by_hand.py").read_bytes() == lesson.path.read_bytes()


def test_a_notebook_is_json(lesson, tmp_path):
    (path,) = copy_lessons([lesson], tmp_path, as_format="notebook")
    assert path.name == "07_pooling_by_hand.ipynb"
    assert json.loads(path.read_text())["nbformat"] == 4


def test_what_is_there_is_not_overwritten_unless_asked(lesson, tmp_path):
    (path,) = copy_lessons([lesson], tmp_path)
    path.write_text("my own changes")
    with pytest.raises(StorageError, match=r"07_pooling_by_hand\.py is there already.*--overwrite"):
        copy_lessons([lesson], tmp_path)
    assert path.read_text() == "my own changes"
    copy_lessons([lesson], tmp_path, overwrite=True)
    assert path.read_bytes() == lesson.path.read_bytes()


def test_where_one_is_there_none_is_written(lesson, write_lesson, tmp_path):
    from earmark.lessons.lesson import read_lesson  # noqa: PLC0415 - beside its use

    other = read_lesson(write_lesson("08_other.py"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "08_other.py").write_text("mine")
    with pytest.raises(StorageError, match="is there already"):
        copy_lessons([lesson, other], tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["08_other.py"]


def test_a_link_that_leads_nowhere_is_not_overwritten(lesson, tmp_path):
    (tmp_path / "07_pooling_by_hand.py").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StorageError, match="is there already"):
        copy_lessons([lesson], tmp_path)


def test_a_file_in_place_of_the_folder_is_refused(lesson, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(StorageError, match="is a file: name a folder"):
        copy_lessons([lesson], tmp_path / "out")


@pytest.mark.parametrize("name", ["notebok", "ipynb", ""])
def test_an_unknown_format_is_answered_with_those_known(lesson, tmp_path, name):
    with pytest.raises(SettingError, match="known: notebook, script"):
        copy_lessons([lesson], tmp_path, as_format=name)
