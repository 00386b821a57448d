import pytest

from earmark.data.open import open_dataset
from earmark.data.sources import esc10, esc50
from earmark.errors import DataError

HEADER = "filename,fold,target,category,esc10,src_file,take\n"
ROWS = "1-7-A-0.wav,1,0,dog,True,7,A\n2-8-A-10.wav,2,10,rain,True,8,A\n2-9-A-49.wav,2,49,saw,False,9,A\n"


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "meta").mkdir()
    (tmp_path / "audio").mkdir()
    (tmp_path / "meta" / "esc50.csv").write_text(HEADER + ROWS)
    for row in ROWS.splitlines():
        (tmp_path / "audio" / row.partition(",")[0]).touch()
    return tmp_path


def test_a_whole_checkout_is_the_larger_set(checkout):
    assert not esc10.recognises(checkout)
    assert open_dataset(checkout).n == 3


def test_rows_outside_are_left_out_where_only_its_sounds_are_there(checkout):
    (checkout / "audio" / "2-9-A-49.wav").unlink()

    data = open_dataset(checkout)

    assert [clip.label for clip in data] == ["dog", "rain"]
    assert data.notes == ("1 row of esc50.csv outside ESC-10 left out",)


def test_what_was_unpacked_is_cut_down_to_it(checkout):
    esc10.keep_ten_classes(checkout)

    assert esc10.recognises(checkout)
    assert sorted(file.name for file in (checkout / "audio").iterdir()) == ["1-7-A-0.wav", "2-8-A-10.wav"]
    assert (checkout / "meta" / "esc50.csv").read_text() == HEADER + "".join(ROWS.splitlines(keepends=True)[:2])


@pytest.mark.parametrize("text", ["", "filename,fold\n1.wav,1\n"])
def test_a_table_of_something_else_is_not_cut_down(checkout, text):
    (checkout / "meta" / "esc50.csv").write_text(text)

    with pytest.raises(DataError, match="this is no ESC-50"):
        esc10.keep_ten_classes(checkout)
    assert len(list((checkout / "audio").iterdir())) == 3


def test_a_table_without_the_column_is_read_as_the_larger_set(checkout):
    (checkout / "audio" / "2-9-A-49.wav").unlink()
    (checkout / "meta" / "esc50.csv").write_text("filename,fold,category,src_file\n1-7-A-0.wav,1,dog,7\n")

    assert esc10.load(checkout) == esc50.load(checkout)


@pytest.mark.data
def test_the_shared_sounds_are_recognised_with_their_folds(shared_data):
    assert esc10.recognises(shared_data / "esc10")
    assert repr(open_dataset(shared_data / "esc10")) == "Dataset(400 clips, 10 labels, 304 groups, folds 1-5)"
