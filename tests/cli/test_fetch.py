import json
import zipfile

import pytest

from earmark.data.open import open_dataset


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "digits.zip"
    with zipfile.ZipFile(path, "w") as opened:
        for digit in range(3):
            for who in ("ann", "bob"):
                opened.writestr(f"top/recordings/{digit}_{who}_0.wav", f"{digit}{who}")
    return path


def test_what_was_fetched_is_named_and_licence_and_citation_are_told(earmark, archive, tmp_path):
    answer = earmark("fetch", "fsdd", tmp_path / "digits", "--from", archive, "--no-checksum")

    assert answer.status == 0
    assert answer.out == f"{tmp_path / 'digits'}\n"
    assert "CC BY-SA 4.0; cite Jackson" in answer.told[0]
    assert "note: 2500 clips were published, and 6 are read" in answer.told
    assert answer.told[-1] == "6 clips fetched"


def test_json_says_the_same(earmark, archive, tmp_path):
    first = earmark("fetch", "fsdd", tmp_path / "digits", "--from", archive, "--no-checksum", "--json")
    again = earmark("fetch", "fsdd", tmp_path / "digits", "--json")

    assert json.loads(first.out) == {
        "name": "fsdd",
        "folder": str(tmp_path / "digits"),
        "n_clips": 6,
        "notes": ["2500 clips were published, and 6 are read"],
        "was_there": False,
    }
    assert json.loads(again.out)["was_there"]


def test_another_checksum_is_a_line_and_no_folder(earmark, archive, tmp_path):
    answer = earmark("fetch", "fsdd", tmp_path / "digits", "--from", archive)

    assert answer.status == 2
    assert "is not what was published" in answer.told[-1]
    assert not (tmp_path / "digits").exists()


def test_what_was_fetched_is_opened_as_what_it_is(earmark, archive, tmp_path):
    earmark("fetch", "fsdd", tmp_path / "digits", "--from", archive, "--no-checksum")

    assert set(open_dataset(tmp_path / "digits").groups) == {"ann", "bob"}
