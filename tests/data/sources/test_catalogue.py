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


def test_the_particular_layout_is_asked_before_the_general_one():
    assert list(SOURCES).index("esc50") < list(SOURCES).index("folder")
