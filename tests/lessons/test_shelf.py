import pytest

from earmark.errors import DataError, SettingError, StorageError
from earmark.lessons import shelf
from earmark.lessons.shelf import all_lessons, find_lesson

TITLE = '"""\nA title\n=======\n\nLearns.\n"""\n'


@pytest.fixture
def lessons(write_lesson):
    for name in ("02_spectrum.py", "01_sound_and_sampling.py", "10_pooling.py"):
        write_lesson(name, TITLE)
    path = write_lesson("helper.py", "x = 1\n")  # no lesson: it has no number
    return all_lessons(path.parent)


def test_lessons_come_in_their_order(lessons):
    assert [lesson.number for lesson in lessons] == [1, 2, 10]


@pytest.mark.parametrize(
    "wanted", ["1", "01", "sound-and-sampling", "sound_and_sampling", "Sound and sampling", "01_sound_and_sampling.py"]
)
def test_a_lesson_is_found_by_number_name_and_file(lessons, wanted):
    assert find_lesson(wanted, lessons).number == 1


def test_an_unknown_name_is_answered_with_the_nearest(lessons):
    with pytest.raises(SettingError, match="did you mean 'pooling'"):
        find_lesson("poling", lessons)


@pytest.mark.parametrize("number", ["0", "3", "99", "٣"])
def test_an_unknown_number_is_answered_with_those_there_are(lessons, number):
    with pytest.raises(SettingError, match="they go from 1 to 10"):
        find_lesson(number, lessons)


@pytest.mark.parametrize("wanted", ["", "-", "..", "../01", "01_"])
def test_what_is_no_name_finds_nothing(lessons, wanted):
    with pytest.raises(SettingError, match="there is no lesson called"):
        find_lesson(wanted, lessons)


def test_a_folder_without_lessons_is_refused(tmp_path):
    with pytest.raises(StorageError, match="no lessons in"):
        all_lessons(tmp_path)


def test_a_broken_lesson_is_named(write_lesson):
    path = write_lesson("03_broken.py", "x = (\n")
    with pytest.raises(DataError, match=r"03_broken\.py"):
        all_lessons(path.parent)


def test_installed_lessons_go_before_those_of_a_checkout(write_lesson, monkeypatch, tmp_path):
    monkeypatch.setattr(shelf, "_INSTALLED", write_lesson("05_installed.py", TITLE).parent)
    monkeypatch.setattr(shelf, "_CHECKOUT", tmp_path)
    assert [lesson.name for lesson in all_lessons()] == ["installed"]
    monkeypatch.setattr(shelf, "_INSTALLED", tmp_path / "nowhere")
    monkeypatch.setattr(shelf, "_CHECKOUT", write_lesson("06_checkout.py", TITLE).parent)
    assert [lesson.name for lesson in all_lessons()] == ["installed", "checkout"]


def test_those_that_ship_have_each_a_number_and_a_name_of_their_own():
    lessons = all_lessons()
    assert len({lesson.number for lesson in lessons}) == len({lesson.name for lesson in lessons}) == len(lessons)
    assert all(find_lesson(str(lesson.number), lessons) is find_lesson(lesson.name, lessons) for lesson in lessons)
