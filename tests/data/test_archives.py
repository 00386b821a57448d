import bz2
import errno
import gzip
import io
import lzma
import os
import random
import stat
import struct
import tarfile
import zipfile
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earmark.data import archives
from earmark.data.archives import unpack
from earmark.errors import DataError

FILES = {"top/dog/a.wav": b"sound" * 100, "top/rain/b.wav": b"", "top/list.txt": b"names"}


def tar(path, files, mode="w:gz", change=None):
    """Write a tar archive; `change` may spoil each member."""
    with tarfile.open(path, mode) as opened:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if change:
                change(info)
            opened.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return path


def zipped(path, files, change=None):
    """Write a zip archive; `change` may spoil each member."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if change:
                change(info)
            opened.writestr(info, content)
    return path


def contents(folder):
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def target(tmp_path):
    (tmp_path / "target").mkdir()
    return tmp_path / "target"


def refusal(archive, target):
    with pytest.raises(DataError) as caught:
        unpack(archive, target)
    said = str(caught.value)
    assert "\n" not in said
    assert str(archive) in said
    return said


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_is_unpacked_without_its_top_folder(tmp_path, target, mode):
    assert unpack(tar(tmp_path / "a", FILES, mode), target) == 3
    assert contents(target) == {name.removeprefix("top/"): content for name, content in FILES.items()}


def test_a_zip_is_unpacked_without_its_top_folder(tmp_path, target):
    assert unpack(zipped(tmp_path / "a", FILES), target) == 3
    assert contents(target) == {name.removeprefix("top/"): content for name, content in FILES.items()}


@pytest.mark.parametrize("write", [tar, zipped])
def test_two_folders_at_the_top_stay(tmp_path, target, write):
    files = {"a/x.wav": b"1", "b/x.wav": b"2"}
    unpack(write(tmp_path / "a", files), target)

    assert contents(target) == files


def test_a_top_folder_with_a_folder_of_its_name_in_it_is_lifted(tmp_path, target):
    unpack(tar(tmp_path / "a", {"top/top/x.wav": b"1", "top/y.wav": b"2"}), target)

    assert contents(target) == {"top/x.wav": b"1", "y.wav": b"2"}


@pytest.mark.parametrize("write", [tar, zipped])
def test_what_apple_s_finder_adds_is_passed_over(tmp_path, target, write):
    files = {"__MACOSX/top/._a.wav": b"x", "top/.DS_Store": b"x", "top/._a.wav": b"x", "top/a.wav": b"1"}

    assert unpack(write(tmp_path / "a", files), target) == 1
    assert contents(target) == {"a.wav": b"1"}


# ---------------------------------------------------------------- bad archives


@pytest.mark.parametrize("write", [tar, zipped])
@pytest.mark.parametrize(
    "name",
    ["../out.wav", "a/../../out.wav", "/etc/out.wav", "a\\..\\..\\out.wav", "C:/out.wav", "c:out.wav", "a/\x07b"],
)
def test_a_path_that_leads_out_is_refused(tmp_path, target, write, name):
    before = set(tmp_path.rglob("*"))
    said = refusal(write(tmp_path / "archive", {"a.wav": b"1", name: b"2"}), target)

    assert "leads out of the folder" in said
    assert {path for path in tmp_path.rglob("*") if target not in path.parents} - before == {tmp_path / "archive"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE])
def test_links_and_devices_in_a_tar_are_refused(tmp_path, target, kind):
    def change(info):
        if info.name == "bad":
            info.type, info.linkname, info.size = kind, "../../etc/passwd", 0

    assert "'bad' is a link or a device" in refusal(
        tar(tmp_path / "a", {"bad": b"", "bad/x": b"1"}, "w", change), target
    )
    assert not os.path.lexists(target / "bad")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_in_a_zip_are_refused(tmp_path, target, kind):
    def change(info):
        info.external_attr = (kind | 0o777) << 16

    assert "is a link or a device" in refusal(zipped(tmp_path / "a", {"bad": b"/etc/passwd"}, change), target)


@pytest.mark.parametrize("write", [tar, zipped])
def test_a_bomb_is_refused_before_it_is_written(tmp_path, target, write, monkeypatch):
    monkeypatch.setattr(archives, "_SMALL", 1_000_000)
    archive = write(tmp_path / "a", {f"{n}.wav": bytes(600_000) for n in range(2)})

    assert archive.stat().st_size < 10_000
    assert "swells to more than 1 MB" in refusal(archive, target)
    assert sum(len(content) for content in contents(target).values()) <= 600_000


def test_a_zip_that_understates_a_length_is_refused(tmp_path, target):
    archive = zipped(tmp_path / "a", {"a.wav": b"x" * 5000})
    content = bytearray(archive.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = content.index(mark) + offset
        content[place : place + 4] = struct.pack("<I", 10)
    archive.write_bytes(bytes(content))

    refusal(archive, target)
    assert all(len(found) <= 10 for found in contents(target).values())


def test_one_name_twice_is_refused(tmp_path, target):
    with tarfile.open(tmp_path / "a", "w") as opened:
        for content in (b"1", b"2"):
            info = tarfile.TarInfo("a.wav")
            info.size = 1
            opened.addfile(info, io.BytesIO(content))

    assert "'a.wav' twice" in refusal(tmp_path / "a", target)


def test_a_zip_with_a_password_is_refused(tmp_path, target):
    archive = zipped(tmp_path / "a", {"a.wav": b"x"})
    content = bytearray(archive.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    archive.write_bytes(bytes(content))

    assert "encrypted" in refusal(archive, target)


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"PK\x05\x06", os.urandom(1000)])
def test_what_is_no_archive_says_so(tmp_path, target, content):
    (tmp_path / "a").write_bytes(content)

    assert "neither a tar nor a zip archive" in refusal(tmp_path / "a", target)


@pytest.mark.parametrize("write", [tar, zipped])
def test_an_archive_without_files_is_refused(tmp_path, target, write):
    archive = write(tmp_path / "a", {".DS_Store": b"1"})

    assert "holds no files" in refusal(archive, target)


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
def test_a_compressed_file_that_is_no_tar_says_so(tmp_path, target, pack):
    (tmp_path / "a").write_bytes(pack(b"hello" * 1000))

    assert "neither a tar nor a zip" in refusal(tmp_path / "a", target)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz", "zip"])
@given(cut=st.floats(0, 1), flips=st.lists(st.floats(0, 1), max_size=5))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_archive_is_refused_in_one_line_or_gives_files_inside(tmp_path_factory, mode, cut, flips):
    place = tmp_path_factory.mktemp("damaged")
    files = {f"top/{n}.wav": random.Random(n).randbytes(3000) for n in range(3)}  # noqa: S311 - no secret
    archive = zipped(place / "a", files) if mode == "zip" else tar(place / "a", files, mode)
    content = bytearray(archive.read_bytes())
    for flip in flips:
        content[int(flip * (len(content) - 1))] ^= 0x55
    archive.write_bytes(bytes(content[: int(cut * len(content))]))
    (place / "target").mkdir()

    with suppress(DataError):
        unpack(archive, place / "target")
    assert set(place.iterdir()) == {archive, place / "target"}


# ---------------------------------------------------------------- names in each other's way, and bombs in headers


@pytest.mark.parametrize("write", [tar, zipped])
@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b", "a"), ("n" * 300,), ("d/" + "n" * 300 + "/x",)])
def test_names_that_cannot_be_files_here_are_refused(tmp_path, target, write, names):
    assert " is refused: " in refusal(write(tmp_path / "archive", dict.fromkeys(names, b"1")), target)


def test_a_full_disk_is_no_refusal(tmp_path, target, monkeypatch):
    def full(*arguments, **wishes):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archives.Path, "mkdir", full)
    with pytest.raises(OSError, match="No space left"):
        unpack(tar(tmp_path / "archive", FILES), target)


def with_header(path, kind, content, n_times=1):
    """Write a compressed tar whose file has other headers before its own."""
    header = tarfile.TarInfo("header")
    header.type, header.size = kind, len(content)
    file = tarfile.TarInfo("a.wav")
    file.size = 1
    with gzip.open(path, "wb", compresslevel=1) as packed:
        for _ in range(n_times):
            packed.write(header.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % 512))
        packed.write(file.tobuf(tarfile.USTAR_FORMAT) + b"1" + bytes(511 + 1024))
    return path


def pax(n_bytes):
    start = b"%d path=" % n_bytes
    return start + b"a" * (n_bytes - len(start) - 1) + b"\n"


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (tarfile.XHDTYPE, pax(6_000_000)),
        (tarfile.XGLTYPE, pax(6_000_000)),
        (tarfile.GNUTYPE_LONGNAME, b"a" * 6_000_000),
        (tarfile.GNUTYPE_LONGLINK, b"a" * 6_000_000),
    ],
)
def test_a_header_that_is_a_bomb_is_refused_before_it_is_read(tmp_path, target, kind, content, monkeypatch):
    archive = with_header(tmp_path / "archive", kind, content)
    longest = []
    read = archives._Headers.read
    monkeypatch.setattr(
        archives._Headers, "read", lambda self, size=-1: longest.append(len(found := read(self, size))) or found
    )

    assert archive.stat().st_size < 100_000
    assert "headers that are longer than any names" in refusal(archive, target)
    assert max(longest) <= 512


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_many_headers_of_one_file_are_no_way_round(tmp_path, target, kind, monkeypatch):
    monkeypatch.setattr(archives, "_MOST_HEADERS", 100_000)
    content = pax(10_000) if kind == tarfile.XHDTYPE else b"a" * 10_000

    assert "headers that are longer" in refusal(with_header(tmp_path / "archive", kind, content, 20), target)


def test_many_folders_swell_too(tmp_path, target, monkeypatch):
    monkeypatch.setattr(archives, "_SMALL", 10_000)

    def change(info):
        info.type = tarfile.DIRTYPE

    archive = tar(tmp_path / "archive", {f"{n}": b"" for n in range(500)}, change=change)
    assert "swells" in refusal(archive, target)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_and_pax_times_are_no_bomb(tmp_path, target, form):
    name = "/".join(["n" * 200] * 5)
    with tarfile.open(tmp_path / "archive", "w:gz", format=form) as opened:
        for n in range(20):
            info = tarfile.TarInfo(f"{name}/{n}ä.wav")
            info.size, info.mtime = 1, 1.5
            opened.addfile(info, io.BytesIO(b"1"))

    assert unpack(tmp_path / "archive", target) == 20


def test_a_zip_with_a_name_in_no_letters_is_a_line(tmp_path, target):
    archive = zipped(tmp_path / "archive", {"ä.wav": b"1"})
    archive.write_bytes(archive.read_bytes().replace("ä".encode(), b"\xff\xff"))

    assert "is damaged" in refusal(archive, target)
