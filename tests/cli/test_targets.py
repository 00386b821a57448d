import pytest

from earmark.cli.targets import refuse_inside, refuse_target
from earmark.errors import SettingError


def test_a_table_is_not_put_among_the_sounds_be_it_through_a_link(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    for target in (tmp_path / "data" / "t.csv", tmp_path / "link" / "t.csv", tmp_path / "x" / ".." / "data" / "t.csv"):
        with pytest.raises(SettingError, match=r"never put among the sounds.*--write-table"):
            refuse_inside(tmp_path / "data", target, "a table is", "--write-table")


def test_a_table_does_not_replace_what_it_is_made_of(tmp_path):
    table, other = tmp_path / "t.csv", tmp_path / "o.csv"
    table.touch()
    (tmp_path / "link.csv").symlink_to(table)
    for target in (table, other, tmp_path / "link.csv"):
        with pytest.raises(SettingError, match=r"--apply .* would replace what it is made of"):
            refuse_target(table, target, "--apply", other)


def test_beside_a_table_there_is_room(tmp_path):
    (tmp_path / "t.csv").touch()
    refuse_target(tmp_path / "t.csv", tmp_path / "clean.csv", "--apply")
