import errno
import logging
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from earmark._util import files
from earmark.errors import SettingError
from earmark.features.store import FeatureStore, default_store_folder

KEY = "ab" + "0" * 30
LARGE = np.arange(30000, dtype=np.float32).reshape(10, 3, 1000)
SMALL = np.arange(6, dtype=np.float32).reshape(1, 2, 3)


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "store")


@pytest.fixture(params=[SMALL, LARGE], ids=["small", "large"])
def array(request):
    return request.param


def path_of(store, key=KEY):
    return store.folder / key[:2] / f"{key}.npy"


def test_what_is_put_is_got_again_by_another_store(store, array):
    back = store.put(KEY, array)
    again = FeatureStore(store.folder).get(KEY)
    for one in (back, again):
        assert one.dtype == array.dtype
        np.testing.assert_array_equal(one, array)


def test_what_was_never_put_is_absent(store):
    assert store.get(KEY) is None


@given(
    array=hnp.arrays(
        dtype=st.sampled_from([np.float32, np.float64, np.uint8, np.int64]),
        shape=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0),
    )
)
def test_any_array_of_numbers_comes_back(tmp_path_factory, array):
    store = FeatureStore(tmp_path_factory.mktemp("store"))
    np.testing.assert_array_equal(store.put(KEY, array), array)
    assert store.get(KEY).shape == array.shape


def test_a_transposed_array_comes_back_as_it_looks(store):
    np.testing.assert_array_equal(store.put(KEY, LARGE.T), LARGE.T)
    np.testing.assert_array_equal(store.get(KEY), LARGE.T)


def test_a_kept_array_cannot_be_written_to(store, array):
    with pytest.raises(ValueError, match="read-only"):
        store.put(KEY, array)[0] = 1


def test_numpy_itself_can_read_the_file(store):
    store.put(KEY, LARGE)
    np.testing.assert_array_equal(np.load(path_of(store), allow_pickle=False), LARGE)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted in /proc, which Linux has")
def test_a_thousand_mapped_arrays_hold_no_file_open(store):
    store.put(KEY, LARGE)
    before = len(list(Path("/proc/self/fd").iterdir()))
    held = [store.get(KEY) for _ in range(1000)]
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert held[-1][9, 2, 999] == 29999


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="mappings are listed in /proc, which Linux has")
def test_a_large_array_is_mapped_and_a_small_one_is_not(store):
    def is_mapped():
        return KEY in Path("/proc/self/maps").read_text()

    small = store.put(KEY, SMALL)
    assert not is_mapped()
    large = store.put(KEY, LARGE)
    assert is_mapped()
    del small, large


def test_an_array_that_cannot_be_mapped_is_read(store, monkeypatch):
    def refuse(*args, **kwargs):
        raise RuntimeError("unable to mmap 120128 bytes: Cannot allocate memory (12)")

    monkeypatch.setattr("torch.from_file", refuse)
    np.testing.assert_array_equal(store.put(KEY, LARGE), LARGE)


def damage_cut_short(path):
    path.write_bytes(path.read_bytes()[:-1])


def damage_made_longer(path):
    path.write_bytes(path.read_bytes() + b"\0")


def damage_emptied(path):
    path.write_bytes(b"")


def damage_header_cut(path):
    path.write_bytes(path.read_bytes()[:20])


def damage_foreign(path):
    path.write_text("this is no array, but it is long enough to hold a header" * 10, encoding="utf-8")


def damage_header_garbled(path):
    path.write_bytes(path.read_bytes().replace(b"'shape'", b"'sh\xffpe'"))


def damage_shape_of_another(path):
    path.write_bytes(path.read_bytes().replace(b"(1,", b"(9,").replace(b"(10,", b"(90,"))


def damage_pickled(path):
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)


def damage_a_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [value for name, value in sorted(globals().items()) if name.startswith("damage_")])
def test_a_damaged_file_counts_as_absent_and_is_told(store, array, damage, caplog):
    store.put(KEY, array)
    damage(path_of(store))
    assert store.get(KEY) is None
    assert "made anew" in caplog.text


def test_a_damaged_file_is_replaced(store, array):
    store.put(KEY, array)
    damage_cut_short(path_of(store))
    np.testing.assert_array_equal(store.put(KEY, array), array)
    np.testing.assert_array_equal(store.get(KEY), array)


def test_without_a_folder_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = FeatureStore(None)
    assert store.put(KEY, LARGE) is LARGE
    assert store.get(KEY) is None
    assert not list(tmp_path.iterdir())


def test_a_full_disk_costs_one_warning_and_leaves_nothing(store, monkeypatch, caplog):
    def save(stream, array, **kwargs):
        stream.write(b"half of")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", save)
    for number in range(3):
        assert store.put(f"{number:032x}", LARGE) is LARGE
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "no space left on device" in warnings[0].getMessage()
    assert not [path for path in store.folder.rglob("*") if path.is_file()]


def test_a_folder_that_is_a_file_costs_one_warning(tmp_path, caplog):
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    store = FeatureStore(tmp_path / "taken")
    assert store.put(KEY, LARGE) is LARGE
    assert store.get(KEY) is None
    assert "features are not kept" in caplog.text
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "mine"


def test_a_failed_write_leaves_the_old_array(store, monkeypatch):
    store.put(KEY, LARGE)
    monkeypatch.setattr(np, "save", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.EIO, "Input/output error")))
    store.put(KEY, SMALL)
    np.testing.assert_array_equal(store.get(KEY), LARGE)


def put_and_hang_before_the_rename(folder, is_written):
    def hang(self, target):
        is_written.set()
        time.sleep(60)

    files.Path.replace = hang
    FeatureStore(folder).put(KEY, LARGE)


@pytest.mark.slow
def test_a_process_killed_before_the_rename_leaves_nothing_to_read(store):
    context = multiprocessing.get_context("spawn")
    is_written = context.Event()
    child = context.Process(target=put_and_hang_before_the_rename, args=(store.folder, is_written))
    child.start()
    assert is_written.wait(60)
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert len([path for path in store.folder.rglob("*") if path.is_file()]) == 1  # the part that was written
    assert store.get(KEY) is None
    np.testing.assert_array_equal(store.put(KEY, LARGE), LARGE)


def test_many_writers_of_one_key_never_show_a_part(store):
    stores = [FeatureStore(store.folder) for _ in range(4)]
    wrong = []

    def write(own):
        for _ in range(20):
            back = own.put(KEY, LARGE)
            got = own.get(KEY)
            if not (np.array_equal(back, LARGE) and got is not None and np.array_equal(got, LARGE)):
                wrong.append(own)

    threads = [threading.Thread(target=write, args=(own,)) for own in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert [path.name for path in store.folder.rglob("*") if path.is_file()] == [f"{KEY}.npy"]


def test_an_array_stays_readable_when_its_file_is_replaced(store):
    held = store.put(KEY, LARGE)
    store.put(KEY, np.zeros_like(LARGE))
    np.testing.assert_array_equal(held, LARGE)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"EARMARK_CACHE": "/a/b", "XDG_CACHE_HOME": "/x"}, "/a/b/features"),
        ({"EARMARK_CACHE": "~/c"}, "/home/somebody/c/features"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/earmark/features"),
        ({"EARMARK_CACHE": "", "XDG_CACHE_HOME": ""}, "/home/somebody/.cache/earmark/features"),
        ({"XDG_CACHE_HOME": "relative"}, "/home/somebody/.cache/earmark/features"),
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


def test_only_one_thread_at_a_time_parses_a_header(tmp_path, monkeypatch):
    store = FeatureStore(tmp_path)
    keys = [f"{number:032x}" for number in range(16)]
    for key in keys:
        store.put(key, np.ones(3, dtype=np.float32))
    inside, most = [], []
    parse = np.lib.format.read_array_header_1_0

    def watched(stream):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.001)
        inside.pop()
        return parse(stream)

    monkeypatch.setattr(np.lib.format, "read_array_header_1_0", watched)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(store.get, keys))

    assert len(most) == len(keys)
    assert max(most) == 1
