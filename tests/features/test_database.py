import shutil
import struct
import subprocess
import sys
import threading
from pathlib import Path

import lmdb
import pytest

from earmark.errors import StorageError
from earmark.features import database as database_module
from earmark.features import database_file
from earmark.features.database import Database

PAGE = 4096


def name_of(number):
    return number.to_bytes(16, "big")


def parts_of(number, n_bytes=9000):
    return {b"": bytes([number % 251]) * n_bytes, b"s": bytes([number % 251])}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "store" / "data.mdb"
    database_file.create(path)
    return path


@pytest.fixture
def open_at(path):
    opened = []

    def open_database(*, writing=True):
        opened.append(Database(path, database_file.identity_of(path), writing=writing))
        return opened[-1]

    yield open_database
    for database in opened:
        database.drop()


@pytest.fixture
def database(open_at):
    return open_at()


@pytest.fixture
def on_disk(path, tmp_path):
    """What another process would find: LMDB must not have one file open twice in a process, so a copy is read."""

    def look():
        copy = tmp_path / "copy"
        copy.mkdir(exist_ok=True)
        shutil.copy(path, copy)
        with lmdb.open(str(copy), readonly=True, lock=False) as environment, environment.begin() as transaction:
            found = {bytes(key): bytes(value) for key, value in transaction.cursor()}
        return {key: value for key, value in found.items() if key != database_file.FORMAT_KEY}

    return look


class Watched:
    """An environment of which some methods are replaced; those of lmdb's own type cannot be."""

    def __init__(self, environment, **replaced):
        self.environment = environment
        self.replaced = replaced

    def __getattr__(self, name):
        return self.replaced.get(name) or getattr(self.environment, name)


def test_what_is_put_is_got_at_once_and_on_the_disk_after_flush(database, on_disk):
    database.put(name_of(1), parts_of(1))
    assert {part: database.get(name_of(1), part) for part in (b"", b"s")} == parts_of(1)
    assert not on_disk()
    database.flush()
    assert on_disk() == {name_of(1): parts_of(1)[b""], name_of(1) + b"s": parts_of(1)[b"s"]}
    assert database.get(name_of(1), b"") == parts_of(1)[b""]
    assert database.get(name_of(2), b"") is None


def test_what_is_put_is_written_when_it_comes_to_some_megabytes(database, on_disk, monkeypatch):
    monkeypatch.setattr(database_module, "COMMIT_BYTES", 3 * 9001)
    for number in range(2):
        database.put(name_of(number), parts_of(number))
    assert not on_disk()
    database.put(name_of(2), parts_of(2))
    assert len(on_disk()) == 6
    database.put(name_of(3), parts_of(3))
    assert len(on_disk()) == 6


def test_what_is_put_again_counts_once(database, on_disk, monkeypatch):
    monkeypatch.setattr(database_module, "COMMIT_BYTES", 3 * 9001)
    for number in range(20):
        database.put(name_of(number % 2), parts_of(number))
    assert not on_disk()
    database.flush()
    assert on_disk()[name_of(1)] == parts_of(19)[b""]


def test_what_is_put_is_written_with_the_first_put_after_some_seconds(database, on_disk, monkeypatch):
    now_s = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now_s[0])
    database.put(name_of(0), parts_of(0))
    now_s[0] += database_module.COMMIT_S - 0.1
    database.put(name_of(1), parts_of(1))
    assert not on_disk()
    now_s[0] += 0.1
    database.put(name_of(2), parts_of(2))
    assert len(on_disk()) == 6
    now_s[0] += database_module.COMMIT_S - 0.1
    database.put(name_of(3), parts_of(3))
    assert len(on_disk()) == 6


def test_the_parts_of_one_entry_are_never_written_apart(database, on_disk, monkeypatch):
    monkeypatch.setattr(database_module, "COMMIT_BYTES", 1)
    write = Database._write

    def write_and_look(self, environment):
        write(self, environment)
        assert all(key + b"s" in on_disk() for key in on_disk() if len(key) == 16)

    monkeypatch.setattr(Database, "_write", write_and_look)
    for number in range(10):
        database.put(name_of(number), parts_of(number))
    assert len(on_disk()) == 20


def test_what_is_being_written_is_got(database, monkeypatch):
    got = []

    def look(self, environment):
        got.append(database.get(name_of(1), b""))
        database.put(name_of(1), parts_of(2))
        got.append(database.get(name_of(1), b""))

    monkeypatch.setattr(Database, "_write", look)
    database.put(name_of(1), parts_of(1))
    database.flush()
    assert got == [parts_of(1)[b""], parts_of(2)[b""]]


def test_much_is_written_in_several_transactions(database, on_disk, monkeypatch):
    for number in range(10):
        database.put(name_of(number), parts_of(number))
    monkeypatch.setattr(database_module, "COMMIT_BYTES", 2 * 9001)
    sizes, write = [], Database._write
    monkeypatch.setattr(
        Database, "_write", lambda self, environment: (sizes.append(len(self._writing)), write(self, environment))
    )
    database.flush()
    assert sizes == [2] * 5
    assert len(on_disk()) == 20


@pytest.mark.parametrize(
    ("error", "raised"),
    [(lmdb.DiskError("No space left on device"), OSError), (KeyboardInterrupt(), KeyboardInterrupt)],
)
def test_what_could_not_be_written_stays_and_is_tried_again_when_asked(database, on_disk, monkeypatch, error, raised):
    n_tries = []

    def fail(self, environment):
        n_tries.append(1)
        raise error

    monkeypatch.setattr(database_module, "COMMIT_BYTES", 1)
    with monkeypatch.context() as broken:
        broken.setattr(Database, "_write", fail)
        with pytest.raises(raised):
            database.put(name_of(1), parts_of(1))
        database.put(name_of(2), parts_of(2))  # not tried again with each put
        with pytest.raises(raised):
            database.flush()
        assert len(n_tries) == 2
    for number in (1, 2):
        assert database.get(name_of(number), b"") == parts_of(number)[b""]
    database.flush()
    assert len(on_disk()) == 4
    database.put(name_of(3), parts_of(3))  # and all is well again
    assert len(on_disk()) == 6


def test_what_is_put_anew_while_the_old_cannot_be_written_is_the_new(database, on_disk, monkeypatch):
    def fail(self, environment):
        database.put(name_of(1), parts_of(2))
        raise lmdb.DiskError("full")

    database.put(name_of(1), parts_of(1))
    with monkeypatch.context() as broken:
        broken.setattr(Database, "_write", fail)
        with pytest.raises(OSError, match="full"):
            database.flush()
    assert database.get(name_of(1), b"") == parts_of(2)[b""]
    database.flush()
    assert on_disk()[name_of(1)] == parts_of(2)[b""]


def test_the_map_grows_by_itself(open_at, on_disk, monkeypatch):
    monkeypatch.setattr(database_module, "MAP_BYTES", 16 * PAGE)
    monkeypatch.setattr(database_module, "MAP_STEP_BYTES", 50 * PAGE)
    database = open_at()
    for number in range(60):
        database.put(name_of(number), parts_of(number))
        if number % 7 == 0:
            database.flush()
    database.put(name_of(60), {b"": b"x" * (1 << 20), b"s": b"x"})  # more than the map has
    database.flush()
    assert all(database.get(name_of(number), b"") == parts_of(number)[b""] for number in range(60))
    assert database.get(name_of(60), b"") == b"x" * (1 << 20)
    assert len(on_disk()) == 122


WRITE_MUCH = """
import sys, lmdb
with lmdb.open(sys.argv[1], map_size=1 << 24, create=False) as environment:
    with environment.begin(write=True) as transaction:
        for number in range(1000, 1300):
            transaction.put(number.to_bytes(16, "big"), b"x" * 9000)
"""


@pytest.mark.parametrize("writing", [False, True])
def test_a_file_that_another_process_made_larger_is_read_and_written(open_at, path, writing, monkeypatch):
    monkeypatch.setattr(database_module, "MAP_BYTES", 16 * PAGE)
    database = open_at(writing=writing)
    assert database.get(name_of(1299), b"") is None
    subprocess.run([sys.executable, "-c", WRITE_MUCH, str(path.parent)], check=True)
    if writing:
        database.put(name_of(1), parts_of(1))
        database.flush()
        assert database.get(name_of(1), b"") == parts_of(1)[b""]
    assert database.get(name_of(1299), b"") == b"x" * 9000


LIMIT = """
import pathlib, resource, sys
from earmark.features import database_file, database
path = pathlib.Path(sys.argv[1])
one = database.Database(path, database_file.identity_of(path), writing=True)
with open("/proc/self/statm") as stream:
    used = int(stream.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (32 << 20), resource.RLIM_INFINITY))
for number in range(18):
    one.put(number.to_bytes(16, "big"), {b"": bytes([number]) * (4 << 20)})
    try:
        one.flush()
    except OSError as error:
        print(number, "cannot be mapped into memory" in str(error))
        break
assert all(one.get(before.to_bytes(16, "big"), b"") == bytes([before]) * (4 << 20) for before in range(number + 1))
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
one.flush()
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the size of a process is read from /proc")
def test_a_machine_with_little_address_space_goes_on_with_what_it_has(path, on_disk):
    done = subprocess.run([sys.executable, "-c", LIMIT, str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    number, is_told = done.stdout.split()
    assert is_told == "True"
    assert len(on_disk()) == int(number) + 1  # written when there was room


def test_an_entry_that_is_there_already_is_not_written_again(open_at, path):
    database = open_at()
    for _ in range(2):
        for number in range(5):
            database.put(name_of(number), parts_of(number))
        database.close()
        before = path.read_bytes()
        database = open_at()
    for number in range(5):
        database.put(name_of(number), parts_of(number))
    database.flush()
    assert path.read_bytes() == before


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_file_that_was_taken_away_is_told(database, path, is_replaced, caplog):
    path.rename(path.with_name("moved"))
    if is_replaced:
        path.write_bytes(b"theirs")
    database.put(name_of(1), parts_of(1))
    with pytest.raises(OSError, match="was removed or replaced while it was in use"):
        database.flush()
    assert database.get(name_of(1), b"") == parts_of(1)[b""]
    database.close()
    assert not caplog.records  # whoever flushed was told
    assert path.exists() == is_replaced


def test_what_is_lost_at_closing_is_told(database, monkeypatch, caplog):
    def fail(self, environment):
        raise lmdb.DiskError("No space left on device")

    monkeypatch.setattr(Database, "_write", fail)
    database.put(name_of(1), parts_of(1))
    database.close()
    message = f"features are not kept, so the next run computes them again: {database._path}: No space left on device"
    assert [record.getMessage() for record in caplog.records] == [message]


def test_a_database_opened_for_reading_can_be_opened_for_writing(open_at, on_disk):
    database = open_at(writing=False)
    database.flush()  # has nothing to do
    database.make_writable()
    database.put(name_of(1), parts_of(1))
    database.flush()
    assert len(on_disk()) == 2
    database.make_writable()
    assert database.get(name_of(1), b"") == parts_of(1)[b""]


def test_a_database_that_cannot_be_opened_for_writing_stays_open_for_reading(open_at, path, monkeypatch):
    database = open_at()
    database.put(name_of(1), parts_of(1))
    database.close()
    database = open_at(writing=False)
    open_lmdb = lmdb.open

    def refuse_writing(path, *, readonly, **options):
        if not readonly:
            raise lmdb.Error("Permission denied")
        return open_lmdb(path, readonly=readonly, **options)

    monkeypatch.setattr(lmdb, "open", refuse_writing)
    with pytest.raises(OSError, match="Permission denied"):
        database.make_writable()
    assert not database.is_writable
    assert database.get(name_of(1), b"") == parts_of(1)[b""]


def test_a_closed_database_gives_nothing_and_takes_nothing(database):
    database.put(name_of(1), parts_of(1))
    database.close()
    database.close()
    assert not database.is_open
    assert database.get(name_of(1), b"") is None
    database.put(name_of(2), parts_of(2))
    with pytest.raises(OSError, match="is closed"):
        database.flush()
    database.make_writable()
    assert not database.is_open


def test_a_file_that_grew_while_it_was_opened_is_opened_again(open_at, monkeypatch):
    open_lmdb, n_times = lmdb.open, []

    def grow_twice(*arguments, **options):
        n_times.append(1)
        if len(n_times) < 3:
            raise lmdb.MapResizedError("grown")
        return open_lmdb(*arguments, **options)

    monkeypatch.setattr(lmdb, "open", grow_twice)
    assert open_at().is_open
    assert len(n_times) == 3


def test_a_full_table_of_readers_is_swept(database):
    database.put(name_of(1), parts_of(1))
    database.flush()
    environment, calls = database._environment, []

    def begin(**options):
        if "swept" in calls:
            return environment.begin(**options)
        raise lmdb.ReadersFullError("full")

    database._environment = Watched(environment, begin=begin, reader_check=lambda: calls.append("swept"))
    assert database.get(name_of(1), b"") == parts_of(1)[b""]
    database._environment = Watched(environment, begin=lambda **_: (_ for _ in ()).throw(lmdb.ReadersFullError("full")))
    with pytest.raises(OSError, match="could not be read in 8 tries"):
        database.get(name_of(1), b"")
    database._environment = environment


HANG_WHILE_READING = """
import sys, time, lmdb
environment = lmdb.open(sys.argv[1], create=False)
transaction = environment.begin()
print("reading", flush=True)
time.sleep(60)
"""


def test_a_reader_that_was_killed_is_forgotten(open_at, path):
    command = [sys.executable, "-c", HANG_WHILE_READING, path.parent]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as alive,
        subprocess.Popen(command, stdout=subprocess.PIPE) as killed,
    ):
        for process in (alive, killed):
            assert process.stdout.readline() == b"reading\n"
        killed.kill()
        killed.wait()
        readers = open_at()._environment.readers().split()
        alive.kill()
    assert str(alive.pid) in readers
    assert str(killed.pid) not in readers


BRANCH, LEAF = 1, 2


def spoil(path, kind, pages=slice(None)):
    """Overwrite pages of a kind: those that say so in their flags, and have their own number."""
    content = bytearray(path.read_bytes())
    heads = [struct.unpack_from("=Q2xH", content, place) for place in range(0, len(content), PAGE)]
    for page in [page for page, head in enumerate(heads) if head == (page, kind)][pages]:
        content[page * PAGE : (page + 1) * PAGE] = b"\xa5" * PAGE
    path.write_bytes(content)


def test_a_file_with_a_damaged_tree_is_refused_when_opened(open_at, path):
    database = open_at()
    for number in range(300):
        database.put(name_of(number), parts_of(number, 200))
    database.close()
    spoil(path, BRANCH)
    before = path.read_bytes()
    with pytest.raises(StorageError, match=r"is damaged \(.*MDB_.*\): name another folder, or delete this one"):
        open_at()
    assert path.read_bytes() == before


def test_a_damaged_leaf_is_told_and_the_others_are_read(open_at, path):
    database = open_at()
    for number in range(300):
        database.put(name_of(number), parts_of(number, 200))
    database.close()
    spoil(path, LEAF, slice(4, 5))
    database = open_at()
    failed = []
    for number in range(300):
        try:
            assert database.get(name_of(number), b"") in (None, parts_of(number, 200)[b""])
        except OSError as error:
            failed.append(str(error))
    assert 5 < len(failed) < 50
    assert all("is damaged" in one and one.endswith("delete it") for one in failed)
    database.put(name_of(1000), parts_of(1))
    database.flush()
    assert database.get(name_of(1000), b"") == parts_of(1)[b""]


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "holds something else than features"), (b"2", "has format '2', and this version of earmark reads '1'")],
)
def test_a_file_of_another_kind_is_refused(open_at, path, content, message):
    with lmdb.open(str(path.parent)) as environment, environment.begin(write=True) as transaction:
        if content:
            transaction.put(database_file.FORMAT_KEY, content)
        else:
            transaction.delete(database_file.FORMAT_KEY)
    before = path.read_bytes()
    with pytest.raises(StorageError, match=message):
        open_at()
    assert path.read_bytes() == before
    with lmdb.open(str(path.parent)):  # was closed again: else LMDB would refuse
        pass


def test_threads_put_get_and_move_the_map_at_once(open_at, monkeypatch):
    monkeypatch.setattr(database_module, "MAP_BYTES", 16 * PAGE)
    monkeypatch.setattr(database_module, "MAP_STEP_BYTES", 64 * PAGE)
    monkeypatch.setattr(database_module, "COMMIT_BYTES", 30_000)
    database = open_at()
    wrong = []

    def work(first):
        for number in range(first, 400, 8):
            database.put(name_of(number), parts_of(number))
            for other in range(0, number, 17):
                found = database.get(name_of(other), b"")
                if found not in (None, parts_of(other)[b""]):
                    wrong.append(other)
            if database.get(name_of(number), b"") != parts_of(number)[b""]:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.flush()
    assert not wrong
    assert all(database.get(name_of(number), b"") == parts_of(number)[b""] for number in range(400))
