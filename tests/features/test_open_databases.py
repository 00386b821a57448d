import gc
import os
import shutil
import subprocess
import sys
import threading
import time

import pytest

from earmark.errors import StorageError
from earmark.features import database_file, open_databases
from earmark.features.database import Database
from earmark.features.open_databases import abandon, acquire, release

NAME = bytes(16)
PARTS = {b"": b"value"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "store"


@pytest.fixture
def hold(folder):
    """Acquire, and give back at the end."""
    held = []

    def hold_database(at=None, *, writing=True):
        held.append(acquire(at or folder, writing=writing))
        return held[-1]

    yield hold_database
    for database in held:
        release(database)


def test_a_folder_without_a_store_has_no_database_and_gets_none(folder):
    assert acquire(folder, writing=False) is None
    assert not folder.exists()


def test_a_folder_that_is_written_gets_a_database(folder, hold):
    hold().put(NAME, PARTS)
    assert (folder / "data.mdb").is_file()


def test_one_folder_has_one_database_whatever_its_name(folder, hold, tmp_path, monkeypatch):
    first = hold()
    (tmp_path / "other").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    assert hold() is hold(tmp_path / "other") is hold(type(folder)("store")) is first
    assert hold(tmp_path / "third") is not first


def test_a_store_of_a_relative_folder_stays_where_it_is_when_the_process_goes_elsewhere(tmp_path, hold, monkeypatch):
    monkeypatch.chdir(tmp_path)
    database = hold(type(tmp_path)("here"))
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    database.put(NAME, PARTS)
    database.flush()
    assert (tmp_path / "here" / "data.mdb").is_file()


def test_who_wants_to_write_makes_it_writable_for_all(folder, hold):
    release(acquire(folder, writing=True))
    reader = hold(writing=False)
    assert not reader.is_writable
    writer = hold(writing=True)
    assert writer is reader
    assert reader.is_writable


def test_the_last_to_give_it_back_writes_and_closes_it(folder):
    first, second = acquire(folder, writing=True), acquire(folder, writing=True)
    first.put(NAME, PARTS)
    release(first)
    assert second.get(NAME, b"") == b"value"
    release(second)
    assert not second.is_open
    third = acquire(folder, writing=False)
    assert third is not first
    assert third.get(NAME, b"") == b"value"
    release(third)


def test_an_abandoned_one_is_written_and_closed_when_the_next_is_acquired(folder, tmp_path, hold):
    database = acquire(folder, writing=True)
    database.put(NAME, PARTS)
    abandon(database)
    assert database.is_open
    hold(tmp_path / "other")
    assert not database.is_open
    assert hold().get(NAME, b"") == b"value"


def test_a_folder_that_was_removed_and_made_anew_has_another_database(folder, hold):
    old = hold()
    old.put(NAME, PARTS)
    old.flush()
    shutil.rmtree(folder)
    new = hold()
    assert new is not old
    assert new.get(NAME, b"") is None
    assert old.get(NAME, b"") == b"value"


@pytest.mark.slow
def test_a_database_that_is_refused_is_not_remembered(folder):
    release(acquire(folder, writing=True))
    sound = (folder / "data.mdb").read_bytes()
    (folder / "data.mdb").write_bytes(b"garbage")
    for _ in range(2):
        with pytest.raises(StorageError, match="no feature store"):
            acquire(folder, writing=False)
    (folder / "data.mdb").write_bytes(sound)
    release(acquire(folder, writing=False))


def test_threads_that_acquire_at_once_get_one_database(folder, hold, monkeypatch):
    check = database_file.check
    monkeypatch.setattr(database_file, "check", lambda path: (time.sleep(0.01), check(path)))
    got = []
    threads = [threading.Thread(target=lambda: got.append(hold())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, got))) == 1
    assert got[0].n_users == 6


def test_many_databases_one_after_the_other_leave_no_file_open(tmp_path):
    def n_open():
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - while it is listed it is open itself: the same each time

    if not os.access("/proc/self/fd", os.R_OK):
        pytest.skip("open files are counted in /proc, which Linux has")
    gc.collect()  # what an earlier test left to be closed is not to be closed while we count
    before = n_open()
    for number in range(30):
        abandon(acquire(tmp_path / str(number), writing=True))
    release(acquire(tmp_path / "last", writing=True))
    assert n_open() <= before  # what earlier tests left may be closed meanwhile; a leak here would be of thirty


FORK = """
import os, pathlib, sys, threading
from earmark.features import open_databases
from earmark.features.open_databases import acquire, release
folder = pathlib.Path(sys.argv[1])
database = acquire(folder, writing=True)
database.put(bytes(16), {b"": b"pending"})
stop = threading.Event()
def work():
    number = 0
    while not stop.is_set():
        number += 1
        database.put(number.to_bytes(16, "big"), {b"": bytes([number % 256]) * 1000})
        database.get(bytes(16), b"")
        if number % 5 == 0:
            database.flush()
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for child in range(10):  # while threads are at work in the database
    pid = os.fork()
    if not pid:
        try:
            inherited, database = database, acquire(folder, writing=True)
            ok = not inherited.is_open and database is not inherited
            release(inherited)  # changes nothing
            ok = ok and acquire(folder, writing=True) is database
            database.put(b"child" + bytes([child]) * 11, {b"": b"from the child"})
            database.flush()
            ok = ok and database.get(b"child" + bytes([child]) * 11, b"") == b"from the child"
            os._exit(0 if ok else 1)
        finally:
            os._exit(2)
    status = os.waitpid(pid, 0)[1]
    assert status == 0, (child, status)
stop.set()
for thread in threads:
    thread.join()
assert database.is_open
assert database.get(bytes(16), b"") == b"pending"
assert all(database.get(b"child" + bytes([child]) * 11, b"") for child in range(10))
release(database)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_opens_the_file_anew_whatever_threads_were_doing(folder):
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK, folder],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_locks_are_free_after_a_fork(folder, hold):
    database = hold()
    open_databases._before_fork()
    assert all(lock.locked() for lock in database.locks)
    open_databases._after_fork()
    assert not any(lock.locked() for lock in database.locks)
    assert isinstance(database, Database)
    database.put(NAME, PARTS)
    assert database.get(NAME, b"") == b"value"


EXIT = """
import pathlib, sys
from earmark.features.open_databases import abandon, acquire
database = acquire(pathlib.Path(sys.argv[1]), writing=True)
database.put(bytes(16), {b"": b"value"})
if sys.argv[2] == "abandoned":
    abandon(database)
elif sys.argv[2] == "error":
    raise ValueError("of the caller")
elif sys.argv[2] == "ctrl-c":
    raise KeyboardInterrupt
elif sys.argv[2] == "removed":
    import shutil
    shutil.rmtree(sys.argv[1])
"""


@pytest.mark.parametrize("way", ["end", "abandoned", "error", "ctrl-c"])
def test_what_was_put_is_written_when_the_process_ends(folder, hold, way):
    done = subprocess.run([sys.executable, "-c", EXIT, folder, way], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (way in {"end", "abandoned"}), done.stderr
    assert hold(writing=False).get(NAME, b"") == b"value"


def test_a_store_that_was_removed_is_not_missed_at_the_end(folder):
    done = subprocess.run([sys.executable, "-c", EXIT, folder, "removed"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert not folder.exists()
