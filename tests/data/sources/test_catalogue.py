import pytest

from earmark.data.sources.catalogue import SOURCES


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_says_what_its_layout_is(name):
    assert SOURCES[name].LAYOUT


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_does_not_recognise_an_empty_folder(name, tmp_path):
    assert not SOURCES[name].recognises(tmp_path)


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_does_not_recognise_a_sound(name, tmp_path):
    (tmp_path / "a.wav").touch()

    assert not SOURCES[name].recognises(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("particular", "general"), [("esc50", "folder"), ("audiofolder", "folder"), ("audiofolder", "table")]
)
def test_the_particular_layout_is_asked_before_the_general_one(particular, general):
    assert list(SOURCES).index(particular) < list(SOURCES).index(general)
