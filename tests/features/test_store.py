import contextlib
import gc
import logging
import os
import pickle
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import lmdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from earmark.errors import SettingError, StorageError
from earmark.features import database as database_module
from earmark.features import database_file, open_databases
from earmark.features.store import FeatureStore, default_store_folder

KEY = "ab" + "0" * 30
LARGE = np.arange(30000, dtype=np.float32).reshape(10, 3, 1000)
SMALL = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
NOBODY = 65534


@pytest.fixture
def store(tmp_path):
    with contextlib.closing(FeatureStore(tmp_path / "store")) as store:
        yield store


@pytest.fixture(params=[SMALL, LARGE], ids=["small", "large"])
def array(request):
    return request.param


@pytest.fixture
def warnings_told(caplog):
    return lambda: [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def key_of(number):
    return f"{number:032x}"


def array_of(number):
    return np.full((1 + number % 3, 700), number, dtype=np.float32)


def content_of(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


# ---------------------------------------------------------------- what is kept


def test_what_is_put_is_got_again_at_once_and_by_another_store(store, array):
    assert store.put(KEY, array) is None
    store.flush()
    for one in (store, FeatureStore(store.folder), FeatureStore(store.folder, read_only=True)):
        assert one.get(KEY).dtype == array.dtype
        np.testing.assert_array_equal(one.get(KEY), array)
        assert one.get_shape(KEY) == array.shape


def test_what_was_put_is_got_when_the_store_was_closed(store, array):
    store.put(KEY, array)
    store.close()
    np.testing.assert_array_equal(store.get(KEY), array)
    assert sorted(content_of(store.folder)) == ["data.mdb", "lock.mdb"]


def test_what_was_never_put_is_absent_and_looking_makes_nothing(store):
    assert store.get(KEY) is None
    assert store.get_shape(KEY) is None
    assert store.flush()
    assert not store.folder.exists()


@pytest.mark.slow
@settings(deadline=None, max_examples=20)
@given(
    arrays=st.lists(
        hnp.arrays(
            dtype=st.sampled_from(["<f4", ">f4", "f8", "u1", "i8", "?", "c8", "f2"]),
            shape=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6),
        ),
        max_size=5,
    )
)
def test_any_arrays_of_numbers_come_back(tmp_path_factory, arrays):
    store = FeatureStore(tmp_path_factory.mktemp("store"))
    for number, array in enumerate(arrays):
        store.put(key_of(number), array)
    for _ in range(2):  # from memory, then from the disk
        for number, array in enumerate(arrays):
            back = store.get(key_of(number))
            assert (
                (back.dtype, back.shape) == (array.dtype, array.shape) == (array.dtype, store.get_shape(key_of(number)))
            )
            assert back.tobytes() == array.tobytes()
        store.close()


@pytest.mark.parametrize("view", [LARGE.T, np.asfortranarray(LARGE), LARGE[::2, :, ::-3]], ids=["T", "F", "steps"])
def test_an_array_in_another_order_comes_back_as_it_looks(store, view):
    store.put(KEY, view)
    np.testing.assert_array_equal(store.get(KEY), view)


def test_a_kept_array_cannot_be_written_to(store, array):
    store.put(KEY, array)
    for _ in range(2):
        with pytest.raises(ValueError, match="read-only"):
            store.get(KEY)[0] = 1
        store.close()


def test_what_is_done_to_an_array_after_it_was_put_changes_nothing(store):
    mine = LARGE.copy()
    store.put(KEY, mine)
    mine[:] = -1
    np.testing.assert_array_equal(store.get(KEY), LARGE)


@pytest.mark.slow
def test_an_array_stays_valid_when_it_is_replaced_and_the_store_is_gone(store):
    store.put(KEY, LARGE)
    store.flush()
    held = store.get(KEY)
    store.put(KEY, SMALL)
    store.close()
    shutil.rmtree(store.folder)
    gc.collect()
    np.testing.assert_array_equal(held, LARGE)


def test_an_array_can_be_replaced_by_one_of_another_shape(store):
    for array in (LARGE, SMALL, LARGE[:3]):
        store.put(KEY, array)
        store.flush()
        np.testing.assert_array_equal(store.get(KEY), array)
        assert store.get_shape(KEY) == array.shape


@pytest.mark.parametrize("folder", [None, "store"])
def test_what_is_no_number_is_refused(tmp_path, folder):
    store = FeatureStore(folder and tmp_path / folder)
    with pytest.raises(SettingError, match="only numbers"):
        store.put(KEY, np.array([{"a": 1}], dtype=object))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("key", ["", "ab", "0" * 31, "0" * 33, "g" * 32, "0" * 30 + "  ", "é" * 32])
def test_a_key_that_is_none_is_refused(store, key):
    for use in (store.get, store.get_shape, lambda key: store.put(key, SMALL)):
        with pytest.raises(SettingError, match="32 hexadecimal digits"):
            use(key)


def test_without_a_folder_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = FeatureStore(None)
    store.put(KEY, LARGE)
    assert store.get(KEY) is None
    assert store.get_shape(KEY) is None
    assert store.flush()
    store.close()
    assert not list(tmp_path.iterdir())


def test_a_store_goes_to_another_process_as_its_folder(store):
    store.put(KEY, LARGE)
    for copy in (pickle.loads(pickle.dumps(store)), pickle.loads(pickle.dumps(FeatureStore(None)))):  # noqa: S301 - ours
        assert copy.folder in (store.folder, None)
    with pytest.raises(StorageError, match="for reading only"):
        pickle.loads(pickle.dumps(FeatureStore(store.folder, read_only=True))).put(KEY, LARGE)  # noqa: S301 - ours


# ---------------------------------------------------------------- what is damaged


def in_the_file(change):
    """Change the value of the only array, below the store."""

    def damage(folder):
        with lmdb.open(str(folder)) as environment, environment.begin(write=True) as transaction:
            value = transaction.get(bytes.fromhex(KEY))
            transaction.put(bytes.fromhex(KEY), change(value))

    return damage


def flip_a_bit_on_the_disk(folder):
    path = folder / "data.mdb"
    content = bytearray(path.read_bytes())
    content[content.index(LARGE[3:4, 0, :10].tobytes()) + 3] ^= 1
    path.write_bytes(content)


DAMAGES = {
    "cut": in_the_file(lambda value: value[:-1]),
    "longer": in_the_file(lambda value: value + b"\0"),
    "empty": in_the_file(lambda value: b""),
    "header cut": in_the_file(lambda value: value[:20]),
    "foreign": in_the_file(lambda value: b"no array, but long enough to hold a header" * 10),
    "other dtype": in_the_file(lambda value: value.replace(b"<f4", b"<i4")),
    "other shape": in_the_file(lambda value: value[:19] + (30).to_bytes(8, "little") + value[27:]),
    "bit": flip_a_bit_on_the_disk,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_array_counts_as_absent_is_told_once_and_replaced(store, damage, warnings_told):
    store.put(KEY, LARGE)
    store.close()
    damage(store.folder)
    for _ in range(3):
        assert store.get(KEY) is None
    (told,) = warnings_told()
    assert f"{KEY} in {store.folder} cannot be read" in told
    assert told.endswith("made anew")
    store.put(KEY, LARGE)
    np.testing.assert_array_equal(store.get(KEY), LARGE)
    store.close()
    np.testing.assert_array_equal(store.get(KEY), LARGE)
    assert len(warnings_told()) == 1


def test_an_array_under_the_key_of_another_counts_as_absent(store, warnings_told):
    store.put(KEY, LARGE)
    store.put(key_of(1), SMALL)
    store.close()
    with lmdb.open(str(store.folder)) as environment, environment.begin(write=True) as transaction:
        for part in (b"", b"s"):
            transaction.put(bytes.fromhex(KEY) + part, transaction.get(bytes.fromhex(key_of(1)) + part))
    assert store.get(KEY) is None
    assert store.get_shape(KEY) is None
    assert len(warnings_told()) == 1


def test_the_shape_is_told_without_reading_the_array(store):
    store.put(KEY, LARGE)
    store.close()
    flip_a_bit_on_the_disk(store.folder)
    assert store.get_shape(KEY) == LARGE.shape


# ---------------------------------------------------------------- what cannot be written


@contextlib.contextmanager
def file_size_limited(n_bytes):
    """Let no file grow beyond some bytes, as if the disk were full: Python ignores the signal, so writing fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_costs_one_warning_and_nothing_of_this_run(store, warnings_told, monkeypatch):
    store.put(key_of(100), LARGE)
    store.flush()
    monkeypatch.setattr(database_module, "COMMIT_BYTES", 200_000)
    with file_size_limited(300_000):
        for number in range(12):
            store.put(key_of(number), LARGE + number)
        assert not store.flush()
        assert len(warnings_told()) == 1
        assert "features are not kept, so the next run computes them again" in warnings_told()[0]
        for number in range(12):
            np.testing.assert_array_equal(store.get(key_of(number)), LARGE + number)
            assert store.get_shape(key_of(number)) == LARGE.shape
        np.testing.assert_array_equal(store.get(key_of(100)), LARGE)
    assert store.flush()  # there is room again
    store.close()
    for number in range(12):
        np.testing.assert_array_equal(store.get(key_of(number)), LARGE + number)
    assert len(warnings_told()) == 1


def test_a_disk_without_room_for_a_store_costs_one_warning(store, warnings_told):
    with file_size_limited(1000):
        for number in range(3):
            store.put(key_of(number), LARGE)
        assert not store.flush()
        np.testing.assert_array_equal(store.get(key_of(2)), LARGE)
        assert len(warnings_told()) == 1
    assert not content_of(store.folder)


def test_a_folder_that_is_a_file_costs_one_warning(tmp_path, warnings_told):
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    store = FeatureStore(tmp_path / "taken")
    assert store.get(KEY) is None
    store.put(KEY, LARGE)
    np.testing.assert_array_equal(store.get(KEY), LARGE)  # from memory
    assert not store.flush()
    (told,) = warnings_told()
    assert "features are not kept" in told
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "mine"
    store.close()
    assert store.get(KEY) is None


def test_a_folder_that_cannot_be_used_is_tried_once(tmp_path, monkeypatch):
    acquire, tries = open_databases.acquire, []
    monkeypatch.setattr(
        open_databases, "acquire", lambda folder, *, writing: tries.append(writing) or acquire(folder, writing=writing)
    )
    (tmp_path / "taken").touch()
    store = FeatureStore(tmp_path / "taken")
    for number in range(3):
        assert store.get(key_of(number)) is None
        store.put(key_of(number), SMALL)
    assert tries == [False, True]
    store.close()
    assert store.get(KEY) is None
    assert tries == [False, True, False]


@contextlib.contextmanager
def without_right_to_write(folder):
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    try:
        if is_root:  # who may write everywhere
            os.seteuid(NOBODY)
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o755)


@pytest.fixture
def public_folder():
    """A folder that everybody reaches; pytest's own are its user's."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_folder_that_cannot_be_written_is_read_and_costs_one_warning(public_folder, warnings_told):
    with contextlib.closing(FeatureStore(public_folder)) as store:
        store.put(KEY, LARGE)
    (public_folder / "lock.mdb").unlink()
    before = content_of(public_folder)
    with without_right_to_write(public_folder):
        store = FeatureStore(public_folder)
        np.testing.assert_array_equal(store.get(KEY), LARGE)
        assert not warnings_told()
        for number in range(3):
            store.put(key_of(number), SMALL)
        store.put(KEY, SMALL)
        np.testing.assert_array_equal(store.get(key_of(2)), SMALL)
        np.testing.assert_array_equal(store.get(KEY), SMALL)
        assert not store.flush()
        assert len(warnings_told()) == 1
        assert "ermission denied" in warnings_told()[0]
        store.close()
        np.testing.assert_array_equal(store.get(KEY), LARGE)
        store.close()
    assert content_of(public_folder) == before


def test_a_folder_that_cannot_be_made_costs_one_warning(public_folder, warnings_told):
    with without_right_to_write(public_folder):
        store = FeatureStore(public_folder / "below" / "store")
        assert store.get(KEY) is None
        store.put(KEY, LARGE)
        np.testing.assert_array_equal(store.get(KEY), LARGE)
    assert len(warnings_told()) == 1
    assert not content_of(public_folder)


def test_a_store_on_a_medium_that_cannot_be_written_opens_for_reading(public_folder):
    with contextlib.closing(FeatureStore(public_folder)) as store:
        store.put(KEY, LARGE)
    for name in ("lock.mdb", "data.mdb"):
        (public_folder / name).chmod(0o444)
    before = content_of(public_folder)
    with (
        without_right_to_write(public_folder),
        contextlib.closing(FeatureStore(public_folder, read_only=True)) as store,
    ):
        np.testing.assert_array_equal(store.get(KEY), LARGE)
        assert store.get_shape(KEY) == LARGE.shape
    assert content_of(public_folder) == before


def test_a_store_for_reading_takes_nothing(store):
    store.put(KEY, LARGE)
    store.close()
    data = (store.folder / "data.mdb").read_bytes()
    reader = FeatureStore(store.folder, read_only=True)
    with pytest.raises(StorageError, match=r"store: it was opened for reading only"):
        reader.put(KEY, SMALL)
    np.testing.assert_array_equal(reader.get(KEY), LARGE)
    assert reader.flush()
    reader.close()
    assert (store.folder / "data.mdb").read_bytes() == data


def test_a_store_for_reading_must_be_there(tmp_path):
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(StorageError, match=f"there is no feature store in {folder}"):
            FeatureStore(folder, read_only=True).get(KEY)
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be read"):
        FeatureStore(tmp_path / "file", read_only=True).get_shape(KEY)


# ---------------------------------------------------------------- what is not ours


@pytest.fixture
def assert_refused(monkeypatch):
    monkeypatch.setattr(database_file, "_PAUSE_S", 0)

    def check(folder, match):
        before = content_of(folder)
        for read_only in (False, True):
            store = FeatureStore(folder, read_only=read_only)
            uses = [lambda: store.get(KEY), lambda: store.get_shape(KEY), lambda: store.put(KEY, LARGE)]  # noqa: B023
            for use in uses[: 2 if read_only else 3]:
                with pytest.raises(StorageError, match=match) as caught:
                    use()
                assert "\n" not in str(caught.value)
        assert content_of(folder) | {"lock.mdb": b""} == before | {"lock.mdb": b""}

    return check


def test_a_folder_with_something_else_is_refused_and_left_alone(tmp_path, assert_refused):
    (tmp_path / "a.npy").write_bytes(b"mine")
    assert_refused(tmp_path, rf"{tmp_path} is no feature store, it holds a\.npy: name another folder")


@pytest.mark.parametrize("content", [b"", b"mine", bytes(10_000), b"\xde\xc0\xef\xbe" * 5000], ids=len)
def test_a_file_of_ours_with_something_else_in_it_is_refused(tmp_path, content, assert_refused):
    (tmp_path / "data.mdb").write_bytes(content)
    assert_refused(tmp_path, r"data\.mdb is no feature store, or damaged: name another folder")


def test_a_store_of_another_version_is_refused(store, assert_refused):
    store.put(KEY, LARGE)
    store.close()
    with lmdb.open(str(store.folder)) as environment, environment.begin(write=True) as transaction:
        transaction.put(database_file.FORMAT_KEY, b"99")
    assert_refused(store.folder, r"has format '99', and this version of earmark reads '1'")


def test_the_database_of_another_program_is_refused(tmp_path, assert_refused):
    with lmdb.open(str(tmp_path)) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"their", b"own")
    assert_refused(tmp_path, "holds something else than features: name another folder")


READ_TRUNCATED = """
import pathlib, random, sys
from earmark.errors import StorageError
from earmark.features import database_file, open_databases
from earmark.features.store import FeatureStore
database_file._PAUSE_S = 0
folder = pathlib.Path(sys.argv[1])
path = folder / "data.mdb"
whole = path.read_bytes()
n_refused = 0
choose = random.Random(0)
cuts = [*range(0, len(whole), 4096 * 17), *(choose.randrange(len(whole)) for _ in range(15))]
for cut in cuts:
    path.write_bytes(whole[:cut])
    store = FeatureStore(folder)
    try:
        for number in range(100):
            store.get(f"{number:032x}")
    except StorageError:
        n_refused += 1
    store.close()
for _ in range(20):  # pages of garbage: no wrong array, and no crash
    content = bytearray(whole)
    page = choose.randrange(2, len(whole) // 4096)
    content[page * 4096 : page * 4096 + 4096] = choose.randbytes(4096)
    path.write_bytes(content)
    store = FeatureStore(folder)
    try:
        for number in range(100):
            array = store.get(f"{number:032x}")
            if array is not None and not (array == number).all():
                sys.exit(f"{number}: a wrong array")
        store.put("f" * 32, array := __import__("numpy").ones(3))
        store.flush()
    except StorageError:
        pass
    store.close()
print(len(cuts), n_refused)
"""


@pytest.mark.slow
def test_no_truncation_and_no_garbage_ends_the_process_or_gives_wrong_arrays(store):
    for number in range(100):
        store.put(key_of(number), array_of(number))
    store.close()
    done = subprocess.run(
        [sys.executable, "-c", READ_TRUNCATED, store.folder], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (done.returncode, done.stderr)
    n_cuts, n_refused = map(int, done.stdout.split())
    assert n_refused == n_cuts > 20


# ---------------------------------------------------------------- many at once


@pytest.mark.slow
def test_threads_and_stores_of_one_folder_never_see_a_part(store, monkeypatch):
    monkeypatch.setattr(database_module, "COMMIT_BYTES", 100_000)
    monkeypatch.setattr(database_module, "MAP_BYTES", 1 << 16)
    stores = [FeatureStore(store.folder) for _ in range(4)]
    wrong = []

    def work(own):
        for number in range(60):
            own.put(KEY, LARGE)
            own.put(key_of(number), array_of(number))
            for key, expected in ((KEY, LARGE), (key_of(number), array_of(number))):
                if not np.array_equal(own.get(key), expected):
                    wrong.append(key)

    threads = [threading.Thread(target=work, args=(own,)) for own in stores * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for own in stores:
        own.close()
    assert not wrong
    for number in range(60):
        np.testing.assert_array_equal(store.get(key_of(number)), array_of(number))


def test_threads_that_use_a_new_store_first_all_get_on(store):
    barrier, wrong = threading.Barrier(8), []

    def work(number):
        barrier.wait()
        if store.get(key_of(number)) is not None:
            wrong.append(number)
        store.put(key_of(number), array_of(number))
        if not np.array_equal(store.get(key_of(number)), array_of(number)):
            wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert store._database.n_users == 1


@pytest.mark.slow
def test_a_store_that_is_no_longer_used_is_closed_when_the_next_is_opened(tmp_path):
    store = FeatureStore(tmp_path / "a")
    store.put(KEY, SMALL)
    database = store._database
    del store
    gc.collect()
    with contextlib.closing(FeatureStore(tmp_path / "b")) as other:
        other.put(KEY, LARGE)
        assert not database.is_open
    with contextlib.closing(FeatureStore(tmp_path / "a")) as again:
        np.testing.assert_array_equal(again.get(KEY), SMALL)


WRITE_AND_BE_KILLED = """
import os, pathlib, random, signal, sys, time
import numpy as np
from earmark.features import database
from earmark.features.store import FeatureStore

def array_of(number):
    return np.random.default_rng(number).standard_normal((number % 5, 700)).astype(np.float32)

def write(folder, first):
    store = FeatureStore(folder)
    while True:
        for number in range(first, first + 300):
            store.put(f"{number % 300:032x}", array_of(number % 300))

choose = random.Random(0)
n_found = turn = 0
n_turns = int(sys.argv[2])
while turn < n_turns or not n_found:  # a slow machine needs more turns before anything is written
    turn += 1
    folder = pathlib.Path(sys.argv[1], str(turn // 4))  # each store is made by writers that are killed
    database.COMMIT_BYTES = choose.choice([1, 20_000, 200_000])
    writers = []
    for _ in range(2):
        writer = os.fork()
        if not writer:
            try:
                write(folder, choose.randrange(300))
            finally:
                os._exit(1)
        writers.append(writer)
    for writer in writers:
        time.sleep(choose.uniform(0, 0.03))
        os.kill(writer, signal.SIGKILL)
        assert os.WIFSIGNALED(os.waitpid(writer, 0)[1]), "a writer ended by itself"
    store = FeatureStore(folder)
    for number in range(300):
        array, shape = store.get(f"{number:032x}"), store.get_shape(f"{number:032x}")
        if array is not None:
            n_found += 1
            np.testing.assert_array_equal(array, array_of(number))
        assert shape == (None if array is None else array.shape)
    store.put("f" * 32, array_of(3))
    assert store.flush()
    store.close()
"""


def kill_writers(folder, n_turns):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WRITE_AND_BE_KILLED, folder, str(n_turns)],
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_writers_that_are_killed_leave_only_whole_arrays_and_a_store_that_goes_on(tmp_path):
    kill_writers(tmp_path, 8)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_many_writers_that_are_killed_leave_only_whole_arrays_and_a_store_that_goes_on(tmp_path):
    kill_writers(tmp_path, 200)


WRITE_BESIDE = """
import pathlib, sys
import numpy as np
from earmark.features import database
from earmark.features.store import FeatureStore
database.COMMIT_BYTES, database.MAP_BYTES = 50_000, 1 << 16
store = FeatureStore(pathlib.Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[2]), 300, 3):
    store.put(f"{number:032x}", np.full((1 + number % 3, 700), number, dtype=np.float32))
    other = store.get(f"{number // 2:032x}")
    assert other is None or (other == number // 2).all()
store.close()
"""


@pytest.mark.slow
def test_processes_write_one_store_at_once(store, monkeypatch):
    monkeypatch.setattr(database_module, "COMMIT_BYTES", 50_000)
    monkeypatch.setattr(database_module, "MAP_BYTES", 1 << 16)
    others = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE_BESIDE, store.folder, str(first)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for first in (0, 1)
    ]
    with contextlib.ExitStack() as stack:
        for other in others:
            stack.enter_context(other)
            assert other.stdout.readline() == b"ready\n"
        for other in others:
            other.stdin.close()
        for number in range(2, 300, 3):
            store.put(key_of(number), array_of(number))
        assert store.flush()
        assert [other.wait() for other in others] == [0, 0]
    for number in range(300):
        np.testing.assert_array_equal(store.get(key_of(number)), array_of(number))


FORK = """
import os, pathlib, sys
import numpy as np
from earmark.features.store import FeatureStore
store = FeatureStore(pathlib.Path(sys.argv[1]))
store.put("0" * 32, np.ones(3))
store.flush()
store.put("1" * 32, np.ones(4))
pid = os.fork()
if not pid:
    found = store.get("0" * 32).shape, store.get("1" * 32), store.get_shape("0" * 32)
    store.put("2" * 32, np.ones(5))
    is_kept = store.flush()
    os._exit(0 if found == ((3,), None, (3,)) and is_kept else 1)
assert os.waitpid(pid, 0)[1] == 0
print([store.get_shape(digit * 32) for digit in "012"])
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_store_goes_on_in_a_forked_process_and_in_its_parent(store):
    done = subprocess.run([sys.executable, "-c", FORK, store.folder], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[(3,), (4,), (5,)]\n", "")
    assert [store.get_shape(digit * 32) for digit in "012"] == [(3,), (4,), (5,)]


def test_the_library_is_loaded_when_a_store_is_opened_and_no_sooner():
    code = """
import sys
from earmark.features.store import FeatureStore
FeatureStore(None).get("0" * 32)
assert "lmdb" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# ---------------------------------------------------------------- where it is


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"EARMARK_CACHE": "/a/b", "XDG_CACHE_HOME": "/x"}, "/a/b/store"),
        ({"EARMARK_CACHE": "~/c"}, "/home/somebody/c/store"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/earmark/store"),
        ({"EARMARK_CACHE": "", "XDG_CACHE_HOME": ""}, "/home/somebody/.cache/earmark/store"),
        ({"XDG_CACHE_HOME": "relative"}, "/home/somebody/.cache/earmark/store"),
    ],
)
def test_the_folder_follows_the_environment(monkeypatch, variables, expected):
    for name in ("EARMARK_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/somebody")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert default_store_folder() == Path(expected)


def test_without_a_home_folder_the_message_says_what_to_set(monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    for name in ("EARMARK_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(SettingError, match="set EARMARK_CACHE"):
        default_store_folder()
