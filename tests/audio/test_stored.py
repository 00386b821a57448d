import io
import os

import pytest

from earmark.audio.stored import ByteView, open_stored
from earmark.errors import AudioError


@pytest.fixture
def ten_bytes(tmp_path):
    path = tmp_path / "ten"
    path.write_bytes(b"0123456789")
    with open_stored(path) as file:
        yield file


def reason_of(path):
    with pytest.raises(AudioError) as caught, open_stored(path):
        pass
    assert caught.value.path == str(path)
    return caught.value.reason


def test_a_missing_file_is_named_as_missing(tmp_path):
    assert reason_of(tmp_path / "no.wav") == "there is no such file"


def test_a_broken_link_is_named_as_missing(tmp_path):
    (tmp_path / "link.wav").symlink_to(tmp_path / "gone.wav")
    assert reason_of(tmp_path / "link.wav") == "there is no such file"


def test_a_folder_is_named_as_a_folder(tmp_path):
    assert "folder" in reason_of(tmp_path)


def test_an_empty_file_is_named_as_empty(tmp_path):
    (tmp_path / "empty.wav").touch()
    assert "empty (0 bytes)" in reason_of(tmp_path / "empty.wav")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_and_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    assert "not a regular file" in reason_of(tmp_path / "pipe.wav")


def test_a_file_below_a_file_is_an_audio_error(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"x")
    assert "cannot be opened" in reason_of(tmp_path / "a.wav" / "b.wav")


def test_a_null_character_in_a_name_is_an_audio_error(tmp_path):
    assert "cannot be opened" in reason_of(tmp_path / "a\0b.wav")


def test_a_file_without_permission_is_an_audio_error(tmp_path, monkeypatch):
    path = tmp_path / "locked.wav"
    path.write_bytes(b"x")

    def refuse(*args, **settings):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)  # the tests may run as root, who may read anything
    assert "permission" in reason_of(path)


def test_a_plain_view_is_the_file(ten_bytes):
    assert ByteView(ten_bytes).read() == b"0123456789"


def test_a_view_puts_its_head_before_the_stretch(ten_bytes):
    view = ByteView(ten_bytes, head=b"ABC", start=4, stop=7)
    assert view.read() == b"ABC456"
    assert view.seek(0, io.SEEK_END) == 6


@pytest.mark.parametrize(("position", "expected"), [(0, b"AB"), (2, b"C4"), (3, b"45"), (5, b"6"), (6, b""), (99, b"")])
def test_a_view_reads_on_from_any_position(ten_bytes, position, expected):
    view = ByteView(ten_bytes, head=b"ABC", start=4, stop=7)
    view.seek(position)
    assert view.read(2) == expected
    assert view.tell() == position + len(expected)


def test_a_view_seeks_from_where_it_is_and_from_its_end(ten_bytes):
    view = ByteView(ten_bytes, head=b"ABC", start=4, stop=7)
    view.read(1)
    assert view.seek(1, io.SEEK_CUR) == 2
    assert view.seek(-1, io.SEEK_END) == 5
    assert view.seek(-99, io.SEEK_CUR) == 0
