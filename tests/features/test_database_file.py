import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import lmdb
import pytest
from lmdb import verify

from earmark.errors import StorageError
from earmark.features import database_file
from earmark.features.database_file import check, create, identity_of, make_lock_file, opening_alone, refuse_other_files

PAGE = 4096


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "store" / "data.mdb"
    create(path)
    return path


def fill(path, n_entries=40, n_bytes=9000):
    with lmdb.open(str(path.parent)) as environment, environment.begin(write=True) as transaction:
        for number in range(n_entries):
            transaction.put(number.to_bytes(16, "big"), bytes([number % 256]) * n_bytes)


def entries_of(path):
    with lmdb.open(str(path.parent), readonly=True, lock=False) as environment, environment.begin() as transaction:
        return {bytes(key): bytes(value) for key, value in transaction.cursor()}


def names_in(folder):
    return sorted(file.name for file in folder.iterdir())


def test_a_new_file_is_sound_and_says_what_it_is(path):
    check(path)
    assert entries_of(path) == {database_file.FORMAT_KEY: database_file.FORMAT}
    assert names_in(path.parent) == ["data.mdb"]


def test_who_comes_second_leaves_the_file_of_the_first(path):
    fill(path)
    before = path.read_bytes()
    assert create(path) == identity_of(path)
    assert path.read_bytes() == before


def test_the_file_is_made_also_where_no_hard_links_are(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "data.mdb"
    create(path)
    check(path)
    assert entries_of(path) == {database_file.FORMAT_KEY: database_file.FORMAT}
    before = path.stat().st_mtime_ns
    create(path)
    assert path.stat().st_mtime_ns == before
    make_lock_file(path)
    assert names_in(tmp_path) == ["data.mdb"]


def test_a_file_that_cannot_be_made_leaves_nothing(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise lmdb.DiskError("mdb_env_open: No space left on device")

    monkeypatch.setattr(lmdb, "open", refuse)
    with pytest.raises(OSError, match="No space left"):
        create(tmp_path / "data.mdb")
    assert not names_in(tmp_path)


def test_one_file_has_one_identity_whatever_its_name(path, tmp_path):
    (tmp_path / "other").symlink_to(path.parent)
    os.link(path, tmp_path / "linked.mdb")
    assert identity_of(tmp_path / "other" / "data.mdb") == identity_of(path) == identity_of(tmp_path / "linked.mdb")
    assert identity_of(tmp_path / "none") is None
    old = identity_of(path)
    path.rename(tmp_path / "kept.mdb")
    create(path)
    assert identity_of(path) != old


def test_a_file_system_without_inode_numbers_tells_files_by_their_paths(path, monkeypatch):
    class Status:
        st_dev = 1
        st_ino = 0

    monkeypatch.setattr(Path, "stat", lambda self, **_: Status())
    assert identity_of(path) == (str(path),)


@pytest.mark.parametrize("name", ["mine.txt", "ab", "features.json"])
def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path, name):
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(StorageError, match=f"it holds {name}: name another folder"):
        create(tmp_path / "data.mdb")
    assert names_in(tmp_path) == [name]


def test_many_other_files_are_not_all_named(tmp_path):
    for number in range(9):
        (tmp_path / str(number)).touch()
    with pytest.raises(StorageError, match="it holds 0, 1, 2 and more: name"):
        refuse_other_files(tmp_path)


def test_hidden_files_and_those_of_a_store_are_no_others(tmp_path):
    for name in (".DS_Store", ".data.mdb.0123.part", "lock.mdb", "data.mdb"):
        (tmp_path / name).touch()
    refuse_other_files(tmp_path)
    refuse_other_files(tmp_path / "none")


def test_a_folder_called_as_our_files_is_another(tmp_path):
    (tmp_path / "lock.mdb").mkdir()
    with pytest.raises(StorageError, match=r"lock\.mdb"):
        refuse_other_files(tmp_path)


@pytest.mark.slow
def test_every_truncation_is_seen(path, monkeypatch):
    fill(path)
    whole = path.read_bytes()
    n_pages = len(whole) // PAGE
    assert n_pages > 100
    monkeypatch.setattr(database_file, "_PAUSE_S", 0)
    for cut in [*range(0, len(whole), PAGE), 1, 100, 151, 152, PAGE + 1, PAGE + 151, PAGE + 152, len(whole) - 1]:
        path.write_bytes(whole[:cut])
        with pytest.raises(StorageError, match=r"no feature store|damaged|cut off"):
            check(path)
        assert path.stat().st_size == cut


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"x" * 100, b"PK\3\4" * 9000, bytes(3 * PAGE), b"\xff" * 3 * PAGE])
def test_what_is_no_such_file_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"data\.mdb is no feature store, or damaged: name another folder"):
        check(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "value"),
    [
        (10, b"\0\0"),  # flags: no meta page
        (16, b"\0\0\0\0"),  # magic
        (20, b"\3\0\0\0"),  # version of the layout: LMDB 1.0
        (40, b"\1\0\0\0"),  # page size
        (40, b"\0\0\0\xff"),
        (136, b"\xff" * 8),  # last page
    ],
)
@pytest.mark.parametrize("page", [0, 1])
def test_a_meta_page_that_cannot_be_is_refused(path, page, place, value):
    content = bytearray(path.read_bytes())
    for number in (0, 1):  # the newer one is what counts: both are as new here
        content[number * PAGE + 144 : number * PAGE + 152] = (2 + (number == page)).to_bytes(8, sys.byteorder)
    path.write_bytes(content)
    check(path)
    content[page * PAGE + place : page * PAGE + place + len(value)] = value
    path.write_bytes(content)
    with pytest.raises(StorageError, match="name another folder, or delete this one"):
        check(path)


def give_up_the_last_page(path):
    """Write until the last page of the file is one that was given up, and cut it off."""
    for number in range(20):
        fill(path, n_entries=1 + number % 3, n_bytes=100 + 4000 * (number % 3))
        whole = path.read_bytes()
        path.write_bytes(whole[:-PAGE])
        if not verify.verify(str(path), subdir=False):
            return whole
        path.write_bytes(whole)
    pytest.fail("the last page was always in use")


@pytest.mark.slow
def test_a_file_whose_last_page_was_given_up_unwritten_is_sound(path):
    whole = give_up_the_last_page(path)
    check(path)
    short = entries_of(path)
    path.write_bytes(whole)
    assert short == entries_of(path)
    path.write_bytes(whole[: len(whole) // 2 // PAGE * PAGE])
    with pytest.raises(StorageError, match=f"cut off: [0-9]+ bytes in place of {len(whole)}: name"):
        check(path)


def test_a_page_that_is_being_written_is_looked_at_again(path, monkeypatch):
    whole = path.read_bytes()
    path.write_bytes(whole[: PAGE + 10])
    monkeypatch.setattr("time.sleep", lambda seconds: path.write_bytes(whole))
    check(path)


def test_the_lock_file_has_its_room_on_the_disk(path):
    make_lock_file(path)
    lock = path.with_name("lock.mdb")
    status = lock.stat()
    assert status.st_blocks * 512 >= status.st_size > 64 * database_file.MAX_READERS
    with lmdb.open(str(path.parent), max_readers=database_file.MAX_READERS, create=False) as environment:
        assert environment.max_readers() >= database_file.MAX_READERS
        assert lock.stat().st_size == status.st_size
    lock.write_bytes(b"theirs")
    make_lock_file(path)
    assert lock.read_bytes() == b"theirs"
    assert names_in(path.parent) == ["data.mdb", "lock.mdb"]


def test_without_room_for_the_lock_file_the_disk_is_full(path, monkeypatch):
    def write(self, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(OSError, match="No space left"):
        make_lock_file(path)
    assert names_in(path.parent) == ["data.mdb"]


HOLD_AND_HANG = """
import fcntl, os, sys, time
folder = sys.argv[1]
data = open(folder + "/data.mdb", "rb")
fcntl.flock(data, fcntl.LOCK_EX)  # as opening_alone does
lock = os.open(folder + "/lock.mdb", os.O_RDWR)
os.pwrite(lock, bytes(8), 48)  # as LMDB does when it sets up the lock file: the last transaction is not known yet
fcntl.lockf(lock, fcntl.LOCK_EX, 1, 0)
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="where LMDB's lock file has its fields differs")
def test_the_last_transaction_stays_when_a_process_is_killed_while_it_sets_up_the_lock_file(path):
    for number in range(5):
        fill(path, n_entries=number + 1, n_bytes=number + 1)
    before = entries_of(path)
    with subprocess.Popen([sys.executable, "-c", HOLD_AND_HANG, str(path.parent)], stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        killing = threading.Timer(0.1, other.send_signal, [signal.SIGKILL])
        killing.start()
        with opening_alone(path), lmdb.open(str(path.parent), create=False) as environment:
            assert other.wait() == -signal.SIGKILL
            with environment.begin(write=True) as transaction:
                transaction.put(b"one", b"more")
        killing.join()
    assert entries_of(path) == before | {b"one": b"more"}


def test_only_one_process_opens_at_a_time(path):
    with opening_alone(path), path.open("rb") as stream, pytest.raises(BlockingIOError):
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with path.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_copy_of_a_store_is_a_store(path, tmp_path):
    fill(path)
    shutil.copytree(path.parent, tmp_path / "copy")
    check(tmp_path / "copy" / "data.mdb")
    assert entries_of(tmp_path / "copy" / "data.mdb") == entries_of(path)
