import hashlib
import http.server
import shutil
import threading
import zipfile
from collections import namedtuple
from dataclasses import replace
from types import SimpleNamespace

import pytest

from earmark.data import fetch as fetching
from earmark.data.fetch import fetch
from earmark.data.sources import fsdd
from earmark.errors import DataError, SettingError, StorageError

NAMES = [f"{digit}_{who}_{n}.wav" for digit in range(3) for who in ("ann", "bob") for n in range(2)]


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "kept" / "v1.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as opened:
        for name in NAMES:
            opened.writestr(f"free-spoken-digit-dataset-1.0.9/recordings/{name}", name * 100)
    return path


@pytest.fixture
def known(archive, monkeypatch):
    """Make the small archive the published one."""
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    published = replace(fsdd.ABOUT.archive, checksum=f"sha256:{digest}")
    about = replace(fsdd.ABOUT, archive=published, n_clips=len(NAMES))
    monkeypatch.setattr(fsdd, "ABOUT", about)
    return about


@pytest.fixture
def address(archive):
    """Serve the archive on loopback."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(archive.parent))

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/{archive.name}"
    server.shutdown()
    thread.join()
    server.server_close()


def names_in(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_a_published_archive_becomes_a_folder_and_nothing_else_is_left(known, address, tmp_path, monkeypatch):
    monkeypatch.setattr(fsdd, "ABOUT", replace(known, archive=replace(known.archive, address=address)))

    fetched = fetch("fsdd", tmp_path / "new" / "digits")

    assert (fetched.n_clips, fetched.was_there, fetched.notes) == (len(NAMES), False, ())
    assert names_in(tmp_path / "new") == ["digits"]
    assert names_in(tmp_path / "new" / "digits" / "recordings") == sorted(NAMES)


def test_an_archive_on_this_machine_is_taken_and_kept(known, archive, tmp_path):
    assert fetch("fsdd", tmp_path / "digits", origin=str(archive)).n_clips == len(NAMES)
    assert archive.is_file()


def test_fetching_again_does_nothing(known, archive, tmp_path):
    fetch("fsdd", tmp_path / "digits", origin=str(archive))
    archive.unlink()

    assert fetch("fsdd", tmp_path / "digits").was_there


def test_an_empty_folder_may_be_there(known, archive, tmp_path):
    (tmp_path / "digits").mkdir()

    assert fetch("fsdd", tmp_path / "digits", origin=str(archive)).n_clips == len(NAMES)


@pytest.mark.parametrize(
    "make", [lambda place: place.write_text("mine"), lambda place: (place / "x").mkdir(parents=True)]
)
def test_what_is_there_and_something_else_is_left_alone(known, archive, tmp_path, make):
    make(tmp_path / "digits")

    with pytest.raises(StorageError, match="name a new"):
        fetch("fsdd", tmp_path / "digits", origin=str(archive))
    assert (tmp_path / "digits").exists()


def test_another_checksum_is_refused_and_the_archive_kept_to_be_looked_at(known, address, archive, tmp_path):
    archive.write_bytes(archive.read_bytes() + b"x")

    with pytest.raises(DataError, match=r"not what was published.*--no-checksum.*it is kept as .*\.refused"):
        fetch("fsdd", tmp_path / "digits", origin=address)
    assert names_in(tmp_path) == [".digits.fsdd.refused", "kept"]

    fetched = fetch("fsdd", tmp_path / "digits", origin=str(tmp_path / ".digits.fsdd.refused"), checked=False)
    assert fetched.n_clips == len(NAMES)


def test_a_refused_archive_does_not_spoil_the_next_download(known, address, archive, tmp_path):
    good = archive.read_bytes()
    archive.write_bytes(b"?" * len(good))
    with pytest.raises(DataError, match="not what was published"):
        fetch("fsdd", tmp_path / "digits", origin=address)
    archive.write_bytes(good)

    assert fetch("fsdd", tmp_path / "digits", origin=address).n_clips == len(NAMES)


def test_a_download_goes_on_from_what_is_there(known, address, archive, tmp_path):
    (tmp_path / ".digits.fsdd.download").write_bytes(archive.read_bytes())  # whole: this simple host knows no ranges

    assert fetch("fsdd", tmp_path / "digits", origin=address).n_clips == len(NAMES)
    assert names_in(tmp_path) == ["digits", "kept"]


def test_an_archive_of_something_else_leaves_nothing(known, archive, tmp_path):
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("dog/a.wav", "x")

    with pytest.raises(DataError, match="holds something else than fsdd"):
        fetch("fsdd", tmp_path / "digits", origin=str(archive), checked=False)
    assert names_in(tmp_path) == ["kept"]


def test_clips_that_are_fewer_than_published_are_told(known, archive, tmp_path, monkeypatch):
    monkeypatch.setattr(fsdd, "ABOUT", replace(known, n_clips=99))

    assert fetch("fsdd", tmp_path / "digits", origin=str(archive)).notes == (
        "99 clips were published, and 12 are read",
    )


def test_a_full_disk_is_said_before_anything_is_fetched(known, address, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil has it
    monkeypatch.setattr(fetching, "shutil", SimpleNamespace(disk_usage=lambda place: usage(1, 1, 5_000_000)))

    with pytest.raises(StorageError, match="5 MB free, and about 36 MB are needed"):
        fetch("fsdd", tmp_path / "digits", origin=address)
    assert names_in(tmp_path) == ["kept"]
    assert shutil.disk_usage(tmp_path).free  # the machine's own is as it was


def test_a_disk_that_fills_while_it_is_unpacked_is_no_damaged_archive(known, archive, tmp_path, monkeypatch):
    def full(*arguments, **wishes):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetching, "unpack", full)
    with pytest.raises(StorageError, match="no space left on device"):
        fetch("fsdd", tmp_path / "digits", origin=str(archive))
    assert names_in(tmp_path) == ["kept"]


def test_what_has_no_address_must_be_named(tmp_path):
    with pytest.raises(SettingError, match="genres10 has no public address"):
        fetch("genres10", tmp_path / "genres")


@pytest.mark.parametrize("origin", ["nowhere.zip", "ftp://a.org/b.zip", "file:///a.zip"])
def test_a_place_that_is_neither_file_nor_address_is_refused(tmp_path, origin):
    with pytest.raises(SettingError, match="there is no archive"):
        fetch("fsdd", tmp_path / "digits", origin=origin)


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(SettingError, match="did you mean 'gtzan'"):
        fetch("gtzam", tmp_path / "x")


# ---------------------------------------------------------------- what happens meanwhile


@pytest.mark.parametrize("is_there_before", [False, True])
def test_what_arrives_in_the_folder_while_it_is_fetched_is_left_alone(
    known, address, tmp_path, monkeypatch, is_there_before
):
    place = tmp_path / "digits"
    if is_there_before:
        place.mkdir()
    unpack = fetching.unpack

    def meanwhile(*arguments, **wishes):
        place.mkdir(exist_ok=True)
        (place / "mine.txt").write_text("mine")
        return unpack(*arguments, **wishes)

    monkeypatch.setattr(fetching, "unpack", meanwhile)
    with pytest.raises(StorageError, match=r"holds something else, such as 'mine\.txt'"):
        fetch("fsdd", place, origin=address)
    assert (place / "mine.txt").read_text() == "mine"
    assert names_in(tmp_path) == [".digits.fsdd.download", "digits", "kept"]  # a later call goes on from there


def test_two_fetches_to_one_place_are_not_at_once(known, address, archive, tmp_path, monkeypatch):
    download = fetching.download
    said = []

    def meanwhile(*arguments, **wishes):
        monkeypatch.setattr(fetching, "download", download)
        with pytest.raises(StorageError, match=r"another fetch of fsdd to .*digits is under way") as caught:
            fetch("fsdd", tmp_path / "digits", origin=address)
        said.append(caught.value)
        download(*arguments, **wishes)

    monkeypatch.setattr(fetching, "download", meanwhile)
    assert fetch("fsdd", tmp_path / "digits", origin=address).n_clips == len(NAMES)
    assert len(said) == 1
    assert names_in(tmp_path) == ["digits", "kept"]


def test_a_lock_that_a_killed_fetch_left_is_no_hindrance(known, address, tmp_path):
    (tmp_path / ".digits.fsdd.lock").touch()

    assert fetch("fsdd", tmp_path / "digits", origin=address).n_clips == len(NAMES)
    assert names_in(tmp_path) == ["digits", "kept"]


def test_a_place_where_nothing_can_be_written_is_said(known, address, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(StorageError, match="cannot write"):
        fetch("fsdd", tmp_path / "file" / "digits", origin=address)


@pytest.mark.parametrize("origin", ["http://[::1/x", "http://a..org/ä.zip"])
def test_an_address_that_is_none_leaves_nothing(known, tmp_path, origin):
    with pytest.raises(SettingError, match="is no address"):
        fetch("fsdd", tmp_path / "digits", origin=origin)
    assert list(tmp_path.glob(".digits*")) == []
