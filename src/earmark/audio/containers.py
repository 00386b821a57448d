"""Which format a file is in, told by its first bytes and never by its suffix."""

from collections.abc import Callable
from types import MappingProxyType

from earmark.audio.chunks import aiff_view, au_view, wav_view
from earmark.audio.foreign import describe_foreign
from earmark.audio.mp3 import mp3_view, tag_length
from earmark.audio.ogg import ogg_view
from earmark.audio.stored import ByteView, StoredFile

_N_HEAD = 512
_FORMS = MappingProxyType(  # containers that hold other things than sound too name it behind their size
    {b"RIFF": (b"WAVE",), b"RIFX": (b"WAVE",), b"RF64": (b"WAVE",), b"FORM": (b"AIFF", b"AIFC")}
)
_VIEWS: MappingProxyType[bytes, Callable[[StoredFile], ByteView]] = MappingProxyType(
    {
        b"RIFF": wav_view,
        b"RIFX": wav_view,
        b"RF64": wav_view,
        b"FORM": aiff_view,
        b".snd": au_view,
        b"dns.": au_view,
        b"OggS": ogg_view,
        b"fLaC": ByteView,
    }
)


def sound_view(file: StoredFile) -> ByteView:
    """Return what the decoder is to see of a file, after checking that the file holds what its header promises.

    Raises:
        AudioError: It is not sound in a known format, or it is truncated.
    """
    head = file.read_at(0, _N_HEAD)
    mark = head[:4]
    if mark in _VIEWS and (mark not in _FORMS or len(head) < 12 or head[8:12] in _FORMS[mark]):  # noqa: PLR2004
        return _VIEWS[mark](file)
    tag = tag_length(head)
    if tag and file.read_at(tag, 4) == b"fLaC":
        return ByteView(file)
    is_tagged = tag > 0 or file.path.suffix.lower() == ".mp3"
    view = mp3_view(file) if is_tagged or (head[:1] == b"\xff" and head[1:2] >= b"\xe0") else None
    if view is not None:
        return view
    if tag:
        raise file.fault("the file is damaged: no MP3 frames follow its ID3 tag: copy or download it again")
    raise file.fault(describe_foreign(head))
