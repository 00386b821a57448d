import pytest

from earmark.data.open import open_dataset
from earmark.data.sources import urbansound8k
from earmark.errors import DataError

HEADER = "slice_file_name,fsID,start,end,salience,fold,classID,class\n"
ROWS = "7-3-0-0.wav,7,0.0,0.3,1,5,3,dog_bark\n7-3-0-1.wav,7,1,2,2,5,3,dog_bark\n8-8-0-0.wav,8,0,4,1,10,8,siren\n"


@pytest.fixture
def checkout(tmp_path):
    def make(rows=ROWS, header=HEADER, place=""):
        root = tmp_path / place
        (root / "metadata").mkdir(parents=True)
        (root / "metadata" / "UrbanSound8K.csv").write_text(header + rows)
        for name in ("fold5/7-3-0-0.wav", "fold5/7-3-0-1.wav", "fold10/8-8-0-0.wav"):
            (root / "audio" / name).parent.mkdir(parents=True, exist_ok=True)
            (root / "audio" / name).touch()
        return tmp_path

    return make


@pytest.mark.parametrize("place", ["", "UrbanSound8K"])
def test_folds_and_recordings_come_from_the_table(checkout, place):
    data = open_dataset(checkout(place=place))

    assert sorted((clip.name, clip.label, clip.fold, clip.group) for clip in data) == [
        ("audio/fold10/8-8-0-0.wav", "siren", 10, "8"),
        ("audio/fold5/7-3-0-0.wav", "dog_bark", 5, "7"),
        ("audio/fold5/7-3-0-1.wav", "dog_bark", 5, "7"),
    ]


def test_where_the_recording_was_cut_is_kept_and_not_cut_again(checkout):
    clip = open_dataset(checkout())[1]

    assert (clip.start_s, clip.end_s) == (0.0, None)
    assert (clip.extra["start"], clip.extra["end"], clip.extra["salience"]) == ("0.0", "0.3", "1")


@pytest.mark.parametrize("column", ["slice_file_name", "fold", "fsID", "class"])
def test_a_table_without_a_needed_column_is_refused(checkout, column):
    with pytest.raises(DataError, match="no column"):
        urbansound8k.load(checkout(header=HEADER.replace(column, "other")))


def test_a_row_without_a_fold_is_named(checkout):
    with pytest.raises(DataError, match="row 5"):
        urbansound8k.load(checkout(rows=ROWS + "9-8-0-0.wav,9,0,4,1,,8,siren\n"))
