from pathlib import Path

import pytest

from earmark.audit.clip_table import write_clip_table
from earmark.data.clip import Clip
from earmark.errors import StorageError


def clip(root, name, **known):
    return Clip(name=name, path=root / "sounds" / name, label="dog", group="g", **known)


def header(path):
    return path.read_text().splitlines()[0]


def test_columns_that_say_nothing_are_left_out_and_the_remark_comes_last(tmp_path):
    plain = clip(tmp_path, "a.wav", extra={"why": "so", "zeal": "1", "artist": "b"})
    write_clip_table([plain], tmp_path / "t.csv", remark="why")
    assert (tmp_path / "t.csv").read_text() == "path,label,group,artist,zeal,why\nsounds/a.wav,dog,g,b,1,so\n"
    write_clip_table([plain, clip(tmp_path, "b.wav", fold=0, end_s=2.5)], tmp_path / "t.csv", remark="why")
    assert header(tmp_path / "t.csv") == "path,label,group,fold,end_s,artist,zeal,why"


def test_a_bare_carriage_return_is_quoted(tmp_path):
    write_clip_table([clip(tmp_path, "Icon\r")], tmp_path / "t.csv", remark="why")
    assert b'"sounds/Icon\r"' in (tmp_path / "t.csv").read_bytes()


def test_a_name_that_is_no_text_is_told(tmp_path):
    with pytest.raises(StorageError, match="rename the file"):
        write_clip_table([clip(Path(tmp_path), "\udcff.wav")], tmp_path / "t.csv", remark="why")
