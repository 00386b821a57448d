import sys
from types import SimpleNamespace

import pytest
import soundfile

from earmark.data.open import open_dataset
from earmark.data.tags import PLAIN_TAGS, read_tag, regroup_by_tag
from earmark.errors import AudioError, DataError, MissingExtraError

FORMATS = {"wav": None, "flac": None, "ogg": "VORBIS", "mp3": None, "aiff": None}


@pytest.fixture
def tagged(tmp_path):
    """Write short sounds with tags below a folder of class folders."""

    def write(name, **tags):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        subtype = FORMATS[path.suffix[1:]]
        with soundfile.SoundFile(path, "w", 22050, 1, subtype) as sound:
            for tag, text in tags.items():
                setattr(sound, tag, text)
            sound.write([0.0] * 2205)
        return path

    return write


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_artist_is_read_from_every_format(tagged, suffix):
    assert read_tag(tagged(f"a.{suffix}", artist="Ann é"), "artist") == "Ann é"


@pytest.mark.parametrize("suffix", ["ogg", "flac"])
def test_other_plain_tags_are_read(tagged, suffix):
    path = tagged(f"a.{suffix}", album="Red", genre="folk", title="One")

    assert [read_tag(path, tag) for tag in ("album", "genre", "title", "artist")] == ["Red", "folk", "One", ""]


def test_a_tag_becomes_the_group_however_it_is_spelt(tagged, tmp_path):
    tagged("dog/1.ogg", artist="Björk")
    tagged("dog/2.flac", artist=" bjo\u0308RK ")
    tagged("rain/3.mp3", artist="Bo  Diddley")

    assert regroup_by_tag(open_dataset(tmp_path), "artist").groups == ("Björk", "Björk", "Bo Diddley")


def test_files_without_the_tag_are_named_all_at_once(tagged, tmp_path):
    tagged("dog/1.ogg", artist="Ann")
    tagged("dog/2.ogg")
    (tmp_path / "dog" / "3.wav").write_bytes(b"no sound")

    with pytest.raises(DataError, match=r"2 file?s of 3 cannot be read or have none: dog/2\.ogg, dog/3\.wav \("):
        regroup_by_tag(open_dataset(tmp_path), "artist")


def test_a_file_that_cannot_be_opened_says_so(tmp_path):
    with pytest.raises(AudioError, match="its tags cannot be read"):
        read_tag(tmp_path / "absent.wav", "artist")


def test_another_tag_without_mutagen_names_the_extra(tagged, monkeypatch):
    monkeypatch.setitem(sys.modules, "mutagen", None)

    with pytest.raises(MissingExtraError, match=r"earmark\[tags\]"):
        read_tag(tagged("a.ogg"), "performer")


@pytest.fixture
def mutagen(monkeypatch):
    """Stand in for mutagen with what its documentation promises: lists by name, or None for an unknown file."""

    class MutagenError(Exception):
        pass

    answers = {}

    def open_file(path, *, easy):
        answer = answers[path.name]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setitem(sys.modules, "mutagen", SimpleNamespace(File=open_file, MutagenError=MutagenError))
    return SimpleNamespace(answers=answers, MutagenError=MutagenError)


def test_another_tag_comes_from_mutagen(mutagen, tmp_path):
    mutagen.answers["a.ogg"] = {"performer": ["Ann  B", "Bo"]}
    mutagen.answers["b.ogg"] = None
    mutagen.answers["c.ogg"] = mutagen.MutagenError("bad header")

    assert read_tag(tmp_path / "a.ogg", "performer") == "Ann B"
    assert read_tag(tmp_path / "a.ogg", "conductor") == ""
    assert read_tag(tmp_path / "b.ogg", "performer") == ""
    with pytest.raises(AudioError, match="bad header"):
        read_tag(tmp_path / "c.ogg", "performer")


def test_the_real_mutagen_reads_what_libsndfile_wrote(tagged, monkeypatch):
    pytest.importorskip("mutagen", reason="mutagen is not installed: the extra tags brings it")
    path = tagged("a.ogg", artist="Ann")
    monkeypatch.setattr("earmark.data.tags.PLAIN_TAGS", ())

    assert read_tag(path, "artist") == "Ann"
    assert read_tag(path, "performer") == ""


def test_what_libsndfile_knows_is_what_is_called_plain(tagged):
    known = {name for name in soundfile._str_types if name != "software"}

    assert set(PLAIN_TAGS) == known
