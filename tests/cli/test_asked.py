import pytest

from earmark.cli.asked import open_asked
from earmark.errors import SettingError


@pytest.fixture
def table(sounds):
    folder = sounds.folder({"dog": 3, "rain": 3}, seconds=0.1)
    names = sorted(path.relative_to(sounds.root).as_posix() for path in folder.rglob("*.wav"))
    rows = [f"{name},{name.split('/')[1]},{1 + place % 3}" for place, name in enumerate(names)]
    (sounds.root / "t.csv").write_text("path,label,fold\n" + "\n".join(rows) + "\n")
    return sounds.root / "t.csv"


def test_without_a_split_there_is_none(table):
    dataset, split = open_asked(table, plan=None, test_fold=None)
    assert (dataset.n, split) == (6, None)


def test_the_fold_that_is_asked_for_is_the_test_part(table):
    dataset, split = open_asked(table, plan=None, test_fold=2)
    assert {dataset[index].fold for index in split.test} == {2}


def test_a_fold_that_is_not_there_is_told(table):
    with pytest.raises(SettingError, match="9"):
        open_asked(table, plan=None, test_fold=9)


def test_clips_that_the_split_does_not_name_are_left_out(table, tmp_path):
    parts = ("train", "validation", "test")
    named = [f"{row.split(',')[0]},{part}" for row, part in zip(table.read_text().split()[1:], parts, strict=False)]
    (tmp_path / "split.csv").write_text("path,part\n" + "\n".join(named) + "\n")
    dataset, split = open_asked(table, plan=str(tmp_path / "split.csv"), test_fold=None)
    assert dataset.n == 3
    assert [len(part) for part in (split.train, split.validation, split.test)] == [1, 1, 1]
