import io
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from earmark.errors import DataError, SettingError
from earmark.features.colour_map import apply_colours
from earmark.features.interchange.png_file import picture_size, read_picture, write_picture


def random_picture(n_rows=12, n_columns=17, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n_rows, n_columns, 4), dtype=np.uint8)


def chunks_of(data):
    place = 8
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        yield data[place : place + 12 + length]
        place += 12 + length


def with_header(n_columns, n_rows):
    """A whole PNG with two bytes of pixels that claims to have any size."""
    parts = [
        b"IHDR" + struct.pack(">IIBBBBB", n_columns, n_rows, 8, 0, 0, 0, 0),
        b"IDAT" + zlib.compress(b"\0\0"),
        b"IEND",
    ]
    chunks = (struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def png_bytes(image, **options):
    stream = io.BytesIO()
    image.save(stream, "PNG", **options)
    return stream.getvalue()


def fault_of(call, path):
    """The one line that a picture that cannot be used is refused with."""
    with pytest.raises(DataError) as caught:
        call(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path.parent) not in message  # who asks for the file names it
    return message


# ---------------------------------------------------------------- writing and reading back


@pytest.mark.slow
@given(
    arrays(
        np.uint8,
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(4)),
        elements=st.sampled_from([0, 1, 128, 254, 255]),
    )
)
@settings(deadline=None)
@example(np.zeros((1, 1, 4), dtype=np.uint8))
def test_pixels_come_back_as_they_were_whatever_their_opacity(tmp_path_factory, picture):
    path = tmp_path_factory.getbasetemp() / "one.png"
    write_picture(path, picture)
    np.testing.assert_array_equal(read_picture(path), picture)
    assert picture_size(path) == picture.shape[:2]


@pytest.mark.parametrize("n_colours", [1, 2, 3, 16, 255, 256, 257, 5000])
def test_any_number_of_colours_comes_back(tmp_path, n_colours):
    colours = np.unique(random_picture(100, 100).reshape(-1, 4), axis=0)[:n_colours]
    assert len(colours) == n_colours
    picture = np.concatenate([colours, colours[::-1]]).reshape(2, n_colours, 4)
    write_picture(tmp_path / "a.png", picture)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), picture)
    with Image.open(tmp_path / "a.png") as image:
        assert image.mode == ("P" if n_colours <= 256 else "RGBA")


def test_pillow_reads_what_was_written(tmp_path):
    for name, picture in (("many", random_picture()), ("few", apply_colours(np.arange(200, dtype=np.uint8)[None]))):
        write_picture(tmp_path / name, picture)
        with Image.open(tmp_path / name) as image:
            assert image.format == "PNG"
            np.testing.assert_array_equal(np.asarray(image.convert("RGBA")), picture)


def test_who_reads_the_places_in_the_palette_sees_louder_as_greater(tmp_path):
    levels = np.random.default_rng(0).integers(0, 256, (30, 40), dtype=np.uint8)
    write_picture(tmp_path / "a.png", apply_colours(levels))
    with Image.open(tmp_path / "a.png") as image:
        places = np.asarray(image).astype(int)
    assert places.shape == levels.shape
    by_level = [places[levels == level] for level in range(256) if (levels == level).any()]
    assert all((found == found[0]).all() for found in by_level)
    assert (np.diff([found[0] for found in by_level]) >= -2).all()


def test_the_same_picture_gives_the_same_bytes(tmp_path):
    for name in ("a.png", "b.png"):
        write_picture(tmp_path / name, apply_colours(random_picture()[..., 0]))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_drawn_picture_is_a_small_file(tmp_path):
    rows = np.linspace(0, 255, 300, dtype=np.uint8)[:, np.newaxis]
    write_picture(tmp_path / "a.png", apply_colours(np.repeat(rows, 600, axis=1)))
    assert (tmp_path / "a.png").stat().st_size < 10_000


def test_a_view_of_a_picture_is_written_as_its_copy(tmp_path):
    picture = random_picture()[::-1, ::2]
    write_picture(tmp_path / "a.png", picture)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), picture)


def test_a_picture_that_is_read_may_be_written_to(tmp_path):
    write_picture(tmp_path / "a.png", random_picture())
    read_picture(tmp_path / "a.png")[0, 0, 0] = 1


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((3, 3, 4), dtype=np.float32),
        np.zeros((3, 3, 3), dtype=np.uint8),
        np.zeros((3, 3), dtype=np.uint8),
        np.zeros((0, 3, 4), dtype=np.uint8),
        np.zeros((1, 3, 3, 4), dtype=np.uint8),
    ],
)
def test_what_is_no_picture_is_not_written(tmp_path, array):
    with pytest.raises(SettingError, match=r"a picture is \(n_rows, n_columns, 4\) uint8, not"):
        write_picture(tmp_path / "a.png", array)
    assert not (tmp_path / "a.png").exists()


# ---------------------------------------------------------------- pictures of others


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_every_kind_of_png_becomes_rgba_as_pillow_has_it(tmp_path, mode):
    image = Image.fromarray(random_picture()).convert(mode)
    image.save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, np.asarray(image.convert("RGBA")))
    assert picture_size(tmp_path / "a.png") == (12, 17)


def test_of_16_bits_of_grey_the_upper_8_are_kept(tmp_path):
    deep = np.random.default_rng(0).integers(0, 1 << 16, (12, 17), dtype=np.uint16)
    Image.fromarray(deep).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    for channel in range(3):
        np.testing.assert_array_equal(picture[..., channel], deep >> 8)
    assert (picture[..., 3] == 255).all()


def test_a_transparent_colour_is_transparent(tmp_path):
    image = Image.fromarray(np.array([[[1, 2, 3], [9, 9, 9]]], dtype=np.uint8))
    image.save(tmp_path / "a.png", transparency=(9, 9, 9))
    assert read_picture(tmp_path / "a.png")[..., 3].tolist() == [[255, 0]]


def test_of_an_animation_the_still_picture_is_taken(tmp_path):
    first, second = (Image.fromarray(random_picture(seed=seed)) for seed in (0, 1))
    first.save(tmp_path / "a.png", save_all=True, append_images=[second])
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), random_picture(seed=0))


# ---------------------------------------------------------------- bad pictures


@pytest.mark.parametrize(
    ("format_name", "kind"),
    [("JPEG", "a JPEG"), ("GIF", "a GIF"), ("BMP", "a BMP"), ("WEBP", "a WebP"), ("TIFF", "a TIFF")],
)
@pytest.mark.parametrize("call", [picture_size, read_picture])
def test_another_format_called_png_is_named(tmp_path, call, format_name, kind):
    Image.fromarray(random_picture()[..., :3]).save(tmp_path / "a.png", format_name)
    assert fault_of(call, tmp_path / "a.png") == f"it is {kind} and no PNG: convert it"


@pytest.mark.parametrize("call", [picture_size, read_picture])
def test_what_is_no_picture_is_said_so(tmp_path, call):
    path = tmp_path / "a.png"
    path.write_bytes(b"")
    assert fault_of(call, path) == "the file is empty"
    path.write_bytes(b"hello")
    assert fault_of(call, path) == "it is no PNG picture"
    path.unlink()
    assert fault_of(call, path) == "it cannot be read: no such file or directory"
    path.mkdir()
    assert fault_of(call, path) == "it cannot be read: is a directory"


@pytest.mark.parametrize("call", [picture_size, read_picture])
def test_a_file_cut_off_anywhere_is_refused_at_once(tmp_path, call):
    path = tmp_path / "a.png"
    write_picture(path, random_picture(40, 50))
    whole = path.read_bytes()
    for n_bytes in (*range(1, 60), len(whole) // 2, len(whole) - 100):
        path.write_bytes(whole[:n_bytes])
        fault_of(call, path)


def test_a_file_with_something_behind_its_end_is_a_picture(tmp_path):
    write_picture(tmp_path / "a.png", random_picture())
    with (tmp_path / "a.png").open("ab") as stream:
        stream.write(b"more")
    assert picture_size(tmp_path / "a.png") == (12, 17)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), random_picture())


@pytest.mark.parametrize("call", [picture_size, read_picture])
@pytest.mark.parametrize(
    "size", [(1 << 13, (1 << 11) + 1), (100_000, 100_000), (1, 1 << 25), ((1 << 31) - 1, (1 << 31) - 1)]
)
def test_a_header_that_claims_a_huge_picture_is_not_believed(tmp_path, call, size):
    (tmp_path / "a.png").write_bytes(with_header(*size))
    assert f"it claims to have {size[0]} x {size[1]} pixels" in fault_of(call, tmp_path / "a.png")


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_a_header_without_pixels_is_damaged(tmp_path, size):
    (tmp_path / "a.png").write_bytes(with_header(*size))
    assert "its header is damaged" in fault_of(picture_size, tmp_path / "a.png")


def test_pixels_that_are_missing_are_found_when_they_are_read(tmp_path):
    (tmp_path / "a.png").write_bytes(with_header(100, 100))
    assert picture_size(tmp_path / "a.png") == (100, 100)
    assert "cut off or damaged" in fault_of(read_picture, tmp_path / "a.png")


def test_a_text_that_unpacks_to_a_bomb_is_refused(tmp_path):
    text = PngInfo()
    text.add_itxt("a", "b" * (1 << 24), zip=True)
    data = png_bytes(Image.fromarray(random_picture()), pnginfo=text)
    assert len(data) < 1 << 16
    (tmp_path / "a.png").write_bytes(data)
    assert "cut off or damaged" in fault_of(read_picture, tmp_path / "a.png")


def test_a_chunk_whose_checksum_is_wrong_is_refused(tmp_path):
    write_picture(tmp_path / "a.png", random_picture())
    whole = bytearray((tmp_path / "a.png").read_bytes())
    place = whole.index(b"IHDR") + 17  # its checksum
    whole[place] ^= 1
    (tmp_path / "a.png").write_bytes(whole)
    assert "cut off or damaged" in fault_of(read_picture, tmp_path / "a.png")


@pytest.mark.slow
@given(data=st.data(), mode=st.sampled_from(["RGBA", "RGB", "LA", "P", "1"]), mend=st.booleans())
@settings(max_examples=150, deadline=None)
def test_damage_of_any_kind_gives_a_picture_or_one_clear_line(tmp_path_factory, data, mode, mend):
    damaged = bytearray(png_bytes(Image.fromarray(random_picture(5, 6)).convert(mode), dpi=(72, 72)))
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(8, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    if mend:  # with checksums that are right again, the damage gets further in
        try:
            damaged = mended(bytes(damaged))
        except struct.error:
            mend = False
    path = tmp_path_factory.getbasetemp() / "damaged.png"
    path.write_bytes(damaged)
    for call in (picture_size, read_picture):
        with suppress(DataError):  # any other error fails here
            call(path)


def mended(data):
    whole = [chunk[:-4] + struct.pack(">I", zlib.crc32(chunk[4:-4])) for chunk in chunks_of(data)]
    return data[:8] + b"".join(whole)
