import pytest

from earmark.data.sources import esc50
from earmark.errors import DataError

HEADER = "filename,fold,target,category,esc10,src_file,take\n"
ROWS = "1-7-A-0.wav,1,0,dog,True,7,A\n1-7-B-0.ogg,1,0,dog,True,7,B\n2-8-A-10.FLAC,2,10,rain,True,8,A\n"


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "audio").mkdir()
    (tmp_path / "meta").mkdir()
    for name in ("1-7-A-0.wav", "1-7-B-0.ogg", "2-8-A-10.FLAC"):
        (tmp_path / "audio" / name).touch()
    (tmp_path / "meta" / "esc50.csv").write_text(HEADER + ROWS)
    return tmp_path


def test_labels_folds_and_recordings_come_from_the_table(checkout):
    data = esc50.load(checkout)

    assert [(clip.name, clip.label, clip.fold, clip.group) for clip in data] == [
        ("audio/1-7-A-0.wav", "dog", 1, "7"),
        ("audio/1-7-B-0.ogg", "dog", 1, "7"),
        ("audio/2-8-A-10.FLAC", "rain", 2, "8"),
    ]
    assert all(clip.path.is_file() for clip in data)
    assert data.notes == ()


def test_the_table_inside_stands_for_the_checkout(checkout):
    table = checkout / "meta" / "esc50.csv"

    assert esc50.recognises(table)
    assert esc50.load(table) == esc50.load(checkout)


@pytest.mark.parametrize("column", ["filename", "fold", "target", "category", "esc10", "src_file", "take"])
def test_every_column_can_name_the_groups(checkout, column):
    assert esc50.load(checkout).regroup(column=column).groups


def test_sounds_that_the_table_does_not_name_are_left_out_and_named(checkout):
    (checkout / "audio" / "new.wav").touch()
    (checkout / "audio" / ".hidden.wav").touch()

    assert esc50.load(checkout).notes == ("1 sound of audio/ not in esc50.csv left out: new.wav",)


def test_a_missing_sound_stays_for_the_reading_to_report(checkout):
    (checkout / "audio" / "1-7-A-0.wav").unlink()

    assert esc50.load(checkout).n == 3


@pytest.mark.slow
@pytest.mark.parametrize("column", ["filename", "fold", "category", "src_file"])
def test_a_table_without_a_needed_column_is_refused(checkout, column):
    (checkout / "meta" / "esc50.csv").write_text(HEADER.replace(column, f"{column}s") + ROWS)

    with pytest.raises(DataError, match=f"no column '{column}': did you mean '{column}s'"):
        esc50.load(checkout)


def test_a_recording_that_is_not_named_is_refused(checkout):
    (checkout / "meta" / "esc50.csv").write_text(HEADER + ROWS.replace("True,8,", "True,,"))

    with pytest.raises(DataError, match="'src_file' must hold a group: row 4 has nothing"):
        esc50.load(checkout)


@pytest.mark.parametrize("part", ["meta/esc50.csv", "audio"])
def test_a_folder_without_table_or_audio_is_no_checkout(checkout, part):
    (checkout / part).rename(checkout / "elsewhere")

    assert not esc50.recognises(checkout)
