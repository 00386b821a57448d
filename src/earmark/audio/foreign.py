"""What a file is that earmark does not read, in words."""

import codecs

_MARKS = (  # where in the file, the bytes there, and what has them there
    (0, b"version https://git-lfs", "a pointer that Git LFS left in place of the sound: run `git lfs pull`"),
    (4, b"ftyp", "an MP4 or M4A file (AAC or ALAC)"),
    (0, b"\xff\xf1", "an AAC stream"),
    (0, b"\xff\xf9", "an AAC stream"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file"),
    (0, b"\x1a\x45\xdf\xa3", "a Matroska or WebM file"),
    (8, b"AVI ", "an AVI video"),
    (0, b"caff", "a Core Audio file"),
    (0, b"riff", "a Sony Wave64 file"),
    (0, b"wvpk", "a WavPack file"),
    (0, b"MAC ", "a Monkey's Audio file"),
    (0, b"MThd", "a MIDI file: notes, not sound"),
    (0, b"#!AMR", "an AMR file"),
    (0, b"PK\x03\x04", "a ZIP archive: unpack it first"),
    (0, b"\x1f\x8b", "a gzip archive: unpack it first"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
)
_READ_INSTEAD = "earmark reads WAV, FLAC, Ogg, MP3, AIFF and AU; other sounds can be converted (ffmpeg -i IN OUT.wav)"
_N_SHOWN = 24


def describe_foreign(head: bytes) -> str:
    r"""Say what a file is whose first bytes belong to no format that earmark reads.

    Args:
        head: The first bytes of the file, some hundred of them.

    Returns:
        The reason for an `AudioError`.

    >>> describe_foreign(b"{'mfcc': []}")
    'this is text, not sound: it begins with "{\'mfcc\': []}"'
    """
    for offset, mark, name in _MARKS:
        if head.startswith(mark, offset):
            return f"this is {name}" if ":" in name else f"this is {name}: {_READ_INSTEAD}"
    if not any(head):
        return "this is not sound: it begins with zeros only; copy or download it again"
    text = _as_text(head)
    if text is None:
        return f"this is not sound in a format that is known here: {_READ_INSTEAD}"
    shown = text[:_N_SHOWN] + ("..." if len(text) > _N_SHOWN else "")
    return f'this is text, not sound: it begins with "{shown}"'


def _as_text(head: bytes) -> str | None:
    try:
        decoded = codecs.getincrementaldecoder("utf-8")().decode(head)  # the last character may be cut in its middle
    except UnicodeDecodeError:
        return None
    text = " ".join(decoded.split())
    return text if text.isprintable() else None
