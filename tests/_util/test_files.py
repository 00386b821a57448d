"""Files that are there whole or not at all."""

import errno
import json
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark._util.files import (
    bytes_key,
    content_key,
    text_key,
    write_folder_whole,
    write_json,
    write_text,
    write_whole,
)
from earmark.errors import StorageError


def names(folder):
    """Everything below a folder, hidden files too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def fill_disk(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def break_off(path, error):
    path.write_text("half")
    raise error


# ---------------------------------------------------------------- one file


def test_a_file_is_there_after_the_block_and_not_before(tmp_path):
    path = tmp_path / "new" / "deep" / "score.json"
    with write_whole(path) as part:
        part.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert names(tmp_path) == ["new", "new/deep", "new/deep/score.json"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_write_that_is_broken_off_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "score.json"
    path.write_text("old")
    with pytest.raises(error), write_whole(path) as part:
        break_off(part, error)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["score.json"]


def test_a_disk_that_fills_up_while_writing_leaves_the_old_file_and_says_so(tmp_path, monkeypatch):
    path = tmp_path / "score.json"
    path.write_text("old")
    monkeypatch.setattr(Path, "write_text", fill_disk)
    with pytest.raises(StorageError, match=r"cannot write .*score\.json: no space left on device"):
        write_text(path, "new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["score.json"]


def test_a_rename_that_fails_leaves_the_old_file_and_says_so(tmp_path, monkeypatch):
    path = tmp_path / "score.json"
    path.write_text("old")
    monkeypatch.setattr(Path, "replace", fill_disk)
    with pytest.raises(StorageError, match="no space left on device"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["score.json"]


def test_a_disk_without_room_for_a_first_byte_is_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "mkdir", fill_disk)
    with pytest.raises(StorageError, match="no space left on device"):
        write_text(tmp_path / "score.json", "new")


def test_a_file_in_place_of_the_folder_is_a_clear_error(tmp_path):
    (tmp_path / "runs").write_text("I am a file")
    with pytest.raises(StorageError, match=r"cannot write .*runs/score\.json"):
        write_text(tmp_path / "runs" / "score.json", "new")
    assert names(tmp_path) == ["runs"]


def test_a_folder_in_place_of_the_file_is_a_clear_error_and_stays(tmp_path):
    (tmp_path / "score.json").mkdir()
    with pytest.raises(StorageError, match=r"cannot write .*score\.json: is a directory"):
        write_text(tmp_path / "score.json", "new")
    assert names(tmp_path) == ["score.json"]


def test_a_very_long_name_is_written_or_refused_clearly(tmp_path):
    write_text(tmp_path / ("n" * 200), "x")
    with pytest.raises(StorageError, match="file name too long"):
        write_text(tmp_path / ("n" * 300), "x")
    assert names(tmp_path) == ["n" * 200]


@pytest.mark.parametrize("name", ["a b", "Žluťoučký kůň 🐴.json", "-rf", "a'b\"c"])
def test_any_name_that_the_system_takes_will_do(tmp_path, name):
    write_text(tmp_path / name, "x")
    assert names(tmp_path) == [name]


def test_a_written_file_may_be_read_by_others_as_the_umask_says(tmp_path):
    (tmp_path / "plain").write_text("x")
    write_text(tmp_path / "whole", "x")
    assert stat.S_IMODE((tmp_path / "whole").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_the_umask_is_what_it_was(tmp_path):
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "whole", "x")
        with write_folder_whole(tmp_path / "folder"):
            pass
        assert os.umask(0o027) == 0o027
        assert stat.S_IMODE((tmp_path / "whole").stat().st_mode) == 0o640
    finally:
        os.umask(before)


def test_the_umask_is_never_changed_since_other_threads_would_write_by_it(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("the umask of the whole process was changed"))
    write_text(tmp_path / "whole", "x")
    with write_folder_whole(tmp_path / "folder"):
        pass


def test_a_reader_meets_the_old_file_or_the_new_one_while_many_write(tmp_path):
    path = tmp_path / "score.json"
    texts = [character * 200_000 for character in "abcd"]
    write_text(path, texts[0])
    seen, errors, stop = set(), [], threading.Event()

    def write(text):
        try:
            for _ in range(10):
                write_text(path, text)
        except StorageError as error:
            errors.append(error)

    def read():
        while not stop.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(text,)) for text in texts]
    for thread in (reader, *writers):
        thread.start()
    for writer in writers:
        writer.join()
    stop.set()
    reader.join()
    assert not errors
    assert seen <= set(texts)
    assert names(tmp_path) == ["score.json"]


# ---------------------------------------------------------------- a folder


def test_a_folder_is_there_after_the_block_and_replaces_the_old_one_wholly(tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "of_the_old_version.json").write_text("old")
    with write_folder_whole(folder) as part:
        (part / "weights").write_text("new")
        assert names(folder) == ["of_the_old_version.json"]
    assert names(tmp_path) == ["bundle", "bundle/weights"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_folder_that_is_broken_off_leaves_the_old_one_and_nothing_else(tmp_path, error):
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "weights").write_text("old")
    with pytest.raises(error), write_folder_whole(folder) as part:
        break_off(part / "weights", error)
    assert (folder / "weights").read_text() == "old"
    assert names(tmp_path) == ["bundle", "bundle/weights"]


def test_a_disk_that_fills_up_while_a_folder_is_written_leaves_the_old_one_and_says_so(tmp_path, monkeypatch):
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "weights").write_text("old")
    with pytest.raises(StorageError, match=r"cannot write .*bundle: no space left"), write_folder_whole(folder):
        fill_disk()
    assert (folder / "weights").read_text() == "old"
    assert names(tmp_path) == ["bundle", "bundle/weights"]


def test_a_rename_of_a_folder_that_fails_keeps_the_old_one(tmp_path, monkeypatch):
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "weights").write_text("old")
    really_replace, failed = Path.replace, []

    def replace(path, target):
        if target == folder and not failed:
            failed.append(path)
            fill_disk()
        return really_replace(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(StorageError, match="no space left"), write_folder_whole(folder) as part:
        (part / "weights").write_text("new")
    assert (folder / "weights").read_text() == "old"
    assert names(tmp_path) == ["bundle", "bundle/weights"]


def test_a_file_in_place_of_the_folder_above_is_a_clear_error(tmp_path):
    (tmp_path / "runs").write_text("I am a file")
    with pytest.raises(StorageError, match=r"cannot write .*bundle"), write_folder_whole(tmp_path / "runs" / "bundle"):
        pytest.fail("the block was entered")


def test_a_file_in_place_of_the_folder_itself_is_a_clear_error_and_stays(tmp_path):
    (tmp_path / "bundle").write_text("I am a file")
    with pytest.raises(StorageError, match=r"cannot write .*bundle"), write_folder_whole(tmp_path / "bundle") as part:
        (part / "weights").write_text("new")
    assert (tmp_path / "bundle").read_text() == "I am a file"
    assert names(tmp_path) == ["bundle"]


def test_a_written_folder_may_be_entered_by_others_as_the_umask_says(tmp_path):
    (tmp_path / "plain").mkdir()
    with write_folder_whole(tmp_path / "whole"):
        pass
    assert stat.S_IMODE((tmp_path / "whole").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


# ---------------------------------------------------------------- text, JSON, keys


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_as_it_was(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("text") / "a.txt"
    write_text(path, text)
    assert path.read_bytes().decode("utf-8") == text


def test_json_is_written_for_people_and_ends_with_a_line_end(tmp_path):
    write_json(tmp_path / "a.json", {"label": "žába"})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "label": "žába"\n}\n'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object()])
def test_what_json_has_no_word_for_is_refused_before_anything_is_written(tmp_path, value):
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises((ValueError, TypeError)):
        write_json(path, {"a": value})
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.json"]


@pytest.mark.slow
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
        max_leaves=8,
    )
)
def test_json_comes_back_as_it_was(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("json") / "a.json"
    write_json(path, value)
    assert json.loads(path.read_text(encoding="utf-8")) == value


def test_the_key_of_a_file_follows_its_bytes_and_not_its_name(tmp_path):
    for name, content in (("a", b"same"), ("b", b"same"), ("c", b"other"), ("d", b"")):
        (tmp_path / name).write_bytes(content)
    key = {name: content_key(tmp_path / name) for name in "abcd"}
    assert key["a"] == key["b"]
    assert len(set(key.values())) == 3
    assert all(len(text) == 32 and int(text, 16) >= 0 for text in key.values())


def test_a_change_in_the_last_byte_of_a_file_of_several_blocks_changes_its_key(tmp_path):
    content = bytes(3 << 20)
    (tmp_path / "a").write_bytes(content)
    before = content_key(tmp_path / "a")
    assert before == bytes_key(content)
    assert len(before) == 32
    (tmp_path / "a").write_bytes(content[:-1] + b"\x01")
    assert content_key(tmp_path / "a") != before


def test_the_key_of_a_text_is_that_of_a_file_that_holds_it(tmp_path):
    (tmp_path / "a").write_text("žába", encoding="utf-8")
    assert text_key("žába") == content_key(tmp_path / "a") == bytes_key("žába".encode())


def test_a_link_to_a_folder_stays_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "old.txt").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "far")

    with write_folder_whole(tmp_path / "link") as part:
        (part / "new.txt").write_text("new")

    assert (tmp_path / "link").is_symlink()
    assert [path.name for path in (tmp_path / "far").iterdir()] == ["new.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["far", "link"]
