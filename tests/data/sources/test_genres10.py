import pytest

from earmark.data.open import open_dataset
from earmark.data.sources import genres10

HEADER = "path,label,artist,groove,tempo_bpm,key,soundfont"


@pytest.fixture
def tracks(tmp_path):
    def make(header=HEADER):
        rows = [
            f"{genre}/{genre}.0000{n}.ogg,{genre},{genre}-artist{n // 2},68,90,C,F"
            for genre in ("a", "b")
            for n in range(4)
        ]
        for row in rows:
            (tmp_path / row.partition(",")[0]).parent.mkdir(exist_ok=True)
            (tmp_path / row.partition(",")[0]).touch()
        (tmp_path / "tracks.csv").write_text("\n".join([header, *rows]) + "\n")
        return tmp_path

    return make


def test_the_artist_is_the_group(tracks):
    assert set(open_dataset(tracks()).groups) == {"a-artist0", "a-artist1", "b-artist0", "b-artist1"}


def test_another_group_can_be_asked_for(tracks):
    assert len(set(open_dataset(tracks(), group_pattern=r"[^/]+$").groups)) == 8


@pytest.mark.parametrize("column", ["path", "label", "artist", "groove", "soundfont"])
def test_a_table_of_other_columns_is_none(tracks, column):
    folder = tracks(HEADER.replace(column, "other"))

    assert not genres10.recognises(folder)


def test_a_table_that_cannot_be_read_is_none(tracks):
    folder = tracks()
    (folder / "tracks.csv").write_bytes(b"\xff\xff\x00")

    assert not genres10.recognises(folder)
