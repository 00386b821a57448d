import pytest

from earmark.audio.foreign import describe_foreign

KNOWN = {
    b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n": "git lfs pull",
    b"\0\0\0\x20ftypM4A \0\0\0\0": "M4A",
    b"\xff\xf1\x50\x80\x00\x1f\xfc": "AAC",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9": "Windows Media",
    b"\x1a\x45\xdf\xa3\x9f": "WebM",
    b"RIFF\x24\0\0\0AVI LIST": "AVI",
    b"MThd\0\0\0\x06": "MIDI",
    b"PK\x03\x04\x14": "unpack it first",
    b"\x89PNG\r\n\x1a\n": "picture",
}


@pytest.mark.parametrize(("head", "name"), KNOWN.items(), ids=KNOWN.values())
def test_what_is_known_is_named(head, name):
    assert name in describe_foreign(head)


def test_what_can_be_converted_says_how():
    assert "ffmpeg" in describe_foreign(b"\0\0\0\x20ftypM4A \0\0\0\0")
    assert "ffmpeg" not in describe_foreign(b"PK\x03\x04\x14")


@pytest.mark.parametrize("text", ["<!DOCTYPE html>\n<html>", "path,label\na.wav,dog\n", "Übung — 音 " * 100, "x"])
def test_text_is_shown_with_its_beginning(text):
    reason = describe_foreign(text.encode()[:511])
    assert reason.startswith("this is text, not sound")
    assert text.split()[0][:10] in reason


def test_zeros_are_named_as_zeros():
    assert "zeros only" in describe_foreign(bytes(512))


@pytest.mark.parametrize("head", [b"\x80\x81\x82\x83\x90\x91", b"abc\x00\x01\x02def and more of it"])
def test_anything_else_says_what_is_read(head):
    assert "earmark reads WAV, FLAC, Ogg, MP3, AIFF and AU" in describe_foreign(head)
