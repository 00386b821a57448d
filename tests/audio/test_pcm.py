import io
import struct
import time

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earmark.audio.pcm import decode_plain_wav
from earmark.audio.read import read_sound
from earmark.errors import AudioError

SAMPLES = np.array([-32768, -32767, -1, 0, 1, 2, 12345, 32767] * 5, dtype="<i2")
UNKNOWN = 0xFFFFFFFF


def chunk(name, content):
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def fmt(*, code=1, n_channels=1, sample_rate=22050, n_block=None, n_bits=16):
    n_block = 2 * n_channels if n_block is None else n_block
    return chunk(b"fmt ", struct.pack("<HHIIHH", code, n_channels, sample_rate, sample_rate * n_block, n_block, n_bits))


def wav(*, head=None, before=b"", sound=None, after=b"", riff=b"RIFF"):
    sound = chunk(b"data", SAMPLES.tobytes()) if sound is None else sound
    return chunk(riff, b"WAVE" + (fmt() if head is None else head) + before + sound + after)


def info(*notes):
    return chunk(b"LIST", b"INFO" + b"".join(chunk(name, text) for name, text in notes))


MADE_BY = info((b"ISFT", b"Lavf58.29.100\0"))


def assert_as_read_sound(content, path):
    """Check that a file taken for plain gives what `read_sound` makes of it, sample by sample."""
    plain = decode_plain_wav(content)
    if plain is None:
        return False
    path.write_bytes(content)
    waveform, sample_rate = read_sound(path)
    assert plain[1] == sample_rate
    assert plain[0].dtype == waveform.dtype
    np.testing.assert_array_equal(plain[0], waveform)
    return True


PLAIN = {
    "mono": wav(),
    "stereo": wav(head=fmt(n_channels=2)),
    "of one sample": wav(sound=chunk(b"data", b"\x01\x80")),
    "of another rate": wav(head=fmt(sample_rate=44100)),
    "with a note before the sound": wav(before=MADE_BY),
    "with a note behind the sound": wav(after=MADE_BY),
    "with notes of odd length": wav(before=info((b"INAM", b"odd"), (b"ICMT", b"x")), after=info((b"IART", b"abcde"))),
    "with an empty list": wav(before=info(), after=info()),
    "silent": wav(sound=chunk(b"data", bytes(100))),
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_wav_gives_just_what_read_sound_gives(name, tmp_path):
    assert assert_as_read_sound(PLAIN[name], tmp_path / "a.wav")


def test_every_16_bit_sample_is_decoded_as_soundfile_decodes_it():
    every = np.arange(-32768, 32768).astype("<i2")
    content = wav(sound=chunk(b"data", every.tobytes()))
    expected, _ = soundfile.read(io.BytesIO(content), dtype="float32")
    np.testing.assert_array_equal(decode_plain_wav(content)[0], expected)


@pytest.mark.slow
@given(st.lists(st.tuples(*[st.integers(-32768, 32767)] * 2), min_size=1, max_size=50))
def test_two_channels_are_averaged_exactly(pairs):
    content = wav(head=fmt(n_channels=2), sound=chunk(b"data", np.array(pairs, dtype="<i2").tobytes()))
    waveform, _ = decode_plain_wav(content)
    np.testing.assert_array_equal(waveform, np.mean(pairs, axis=1) / 32768)  # in double precision


@pytest.mark.parametrize("n_channels", [1, 2])
def test_what_soundfile_writes_is_plain(n_channels, tmp_path):
    noise = np.random.default_rng(0).uniform(-1, 1, (1000, n_channels))
    soundfile.write(tmp_path / "a.wav", noise, 44100, subtype="PCM_16")
    assert assert_as_read_sound((tmp_path / "a.wav").read_bytes(), tmp_path / "a.wav")


FLOATS = chunk(b"data", np.zeros(20, "<f4").tobytes())
GUID = bytes.fromhex("0100000000001000800000aa00389b71")
EXTENSIBLE = chunk(b"fmt ", struct.pack("<HHIIHHHHI", 0xFFFE, 1, 22050, 44100, 2, 16, 22, 16, 4) + GUID)
NOT_PLAIN = {
    "nothing": b"",
    "only a mark": b"RIFF",
    "text": b"this is text, and no sound at all, not in any format that there is",
    "of 44 zeros": bytes(44),
    "big-endian": wav(riff=b"RIFX"),
    "RF64": wav(riff=b"RF64"),
    "of another form": wav().replace(b"WAVE", b"AVI "),
    "extensible": wav(head=EXTENSIBLE),
    "with a longer format chunk": wav(head=chunk(b"fmt ", fmt()[8:] + b"\0\0")),
    "of floats": wav(head=fmt(code=3, n_block=4, n_bits=32), sound=FLOATS),
    "of 8 bits": wav(head=fmt(n_block=1, n_bits=8)),
    "of 24 bits": wav(head=fmt(n_block=3, n_bits=24), sound=chunk(b"data", bytes(30))),
    "of 12 bits in 16": wav(head=fmt(n_bits=12)),
    "of three channels": wav(head=fmt(n_channels=3), sound=chunk(b"data", bytes(60))),
    "of no channels": wav(head=fmt(n_channels=0, n_block=2)),
    "of blocks of another size": wav(head=fmt(n_block=4)),
    "of no rate": wav(head=fmt(sample_rate=0)),
    "of a rate that nothing has": wav(head=fmt(sample_rate=1_000_000)),
    "of no samples": wav(sound=chunk(b"data", b"")),
    "without a sound": wav(sound=b""),
    "of half a stereo sample": wav(head=fmt(n_channels=2), sound=chunk(b"data", bytes(10))),
    "of an odd number of bytes": wav(sound=chunk(b"data", bytes(11))),
    "with Ogg inside": wav(sound=chunk(b"data", b"OggS" + bytes(10))),
    "with WavPack inside": wav(sound=chunk(b"data", b"wvpk" + bytes(10))),
    "of two sounds": wav(after=chunk(b"data", bytes(10))),
    "with a fact": wav(before=chunk(b"fact", struct.pack("<I", 40))),
    "with peaks": wav(before=chunk(b"PEAK", bytes(16))),
    "with another format chunk": wav(before=fmt()),
    "with a list of labels": wav(after=chunk(b"LIST", b"adtl" + chunk(b"labl", b"\1\0\0\0here"))),
    "with a list that promises too much": wav(before=chunk(b"LIST", b"INFOISFT" + struct.pack("<I", 500) + b"here")),
    "with a list cut off": wav(before=chunk(b"LIST", b"INFOIS")),
    "with a list without a form": wav(before=chunk(b"LIST", b"")),
    "with bytes left over": wav(after=b"\0\0\0\0"),
    "longer than its header says": wav() + b"\0\0",
    "cut by one byte": wav()[:-1],
    "cut by half": wav()[: len(wav()) // 2],
    "cut inside its header": wav()[:40],
    "with a size left open": wav()[:40] + struct.pack("<I", UNKNOWN) + wav()[44:],
    "with a size of zero": wav()[:40] + struct.pack("<I", 0) + wav()[44:],
    "with all sizes left open": wav()[:4] + struct.pack("<I", UNKNOWN) + wav()[8:40] + b"\xff" * 4 + wav()[44:],
    "with all sizes zero": wav()[:4] + bytes(4) + wav()[8:40] + bytes(4) + wav()[44:],
}


@pytest.mark.parametrize("name", NOT_PLAIN)
def test_everything_else_is_left_to_read_sound(name):
    assert decode_plain_wav(NOT_PLAIN[name]) is None


@pytest.mark.parametrize("subtype", sorted(set(soundfile.available_subtypes("WAV")) - {"MPEG_LAYER_III"}))
def test_no_other_way_to_write_samples_is_taken_for_pcm(subtype, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.linspace(-0.9, 0.9, 4000), 8000, subtype=subtype, format="WAV")
    assert assert_as_read_sound((tmp_path / "a.wav").read_bytes(), tmp_path / "a.wav") == (subtype == "PCM_16")


@st.composite
def spoilt_wavs(draw):
    """Draw WAV files that are plain or nearly so, with some bytes of the header changed."""
    n_channels = draw(st.sampled_from([1, 2]))
    texts = st.lists(st.tuples(st.sampled_from([b"ISFT", b"INAM", b"I1ab"]), st.binary(max_size=20)), max_size=2)
    lists = st.one_of(st.just(b""), texts.map(lambda notes: info(*notes)))
    samples = draw(st.binary(min_size=1, max_size=8).map(lambda part: part * 4))
    head, sound = fmt(n_channels=n_channels), chunk(b"data", samples)
    content = bytearray(wav(head=head, before=draw(lists), sound=sound, after=draw(lists)))
    for _ in range(draw(st.integers(0, 2))):
        content[draw(st.integers(0, len(content) - 1))] = draw(
            st.one_of(st.sampled_from([0, 1, 255]), st.integers(0, 255))
        )
    return bytes(content)


@pytest.mark.slow
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(spoilt_wavs())
def test_whatever_is_taken_for_plain_is_read_by_read_sound_as_the_same(tmp_path, content):
    assert_as_read_sound(content, tmp_path / "a.wav")


def test_the_waveform_may_be_written_to_and_is_alone_in_memory():
    content = wav()
    waveform, _ = decode_plain_wav(content)
    waveform[:] = 7
    assert content == wav()
    assert waveform.flags.c_contiguous


def test_a_header_full_of_chunks_takes_no_time():
    content = wav(before=info() * 100_000)
    began = time.perf_counter()
    assert decode_plain_wav(content) is not None
    assert decode_plain_wav(content[:-1]) is None
    assert time.perf_counter() - began < 2


def test_what_read_sound_refuses_is_never_decoded(tmp_path):
    n_refused = 0
    for content in NOT_PLAIN.values():
        (tmp_path / "a.wav").write_bytes(content)
        try:
            read_sound(tmp_path / "a.wav")
        except AudioError:
            n_refused += 1
            assert decode_plain_wav(content) is None
    assert n_refused > 10
