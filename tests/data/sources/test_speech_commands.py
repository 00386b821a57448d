import pytest

from earmark.data.open import open_dataset
from earmark.data.sources import speech_commands
from earmark.errors import DataError

NAMES = [f"{word}/{who:08x}_nohash_{n}.wav" for word in ("no", "yes") for who in range(4) for n in range(2)]


@pytest.fixture
def words(tmp_path):
    for name in (*NAMES, "_background_noise_/rain.wav", "yes/strange.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "validation_list.txt").write_text("\n".join(name for name in NAMES if "00000001" in name) + "\n")
    (tmp_path / "testing_list.txt").write_text("\n".join(name for name in NAMES if "00000002" in name))
    return tmp_path


def test_the_official_lists_become_folds_and_speakers_groups(words):
    data = open_dataset(words)

    assert {(clip.group, clip.fold, clip.extra["part"]) for clip in data} == {
        ("00000000", 1, "train"),
        ("00000001", 2, "validation"),
        ("00000002", 3, "test"),
        ("00000003", 1, "train"),
    }
    assert data.labels == ("no", "yes")


def test_what_is_no_utterance_is_left_out_and_named(words):
    assert "_background_noise_/rain.wav, yes/strange.wav" in speech_commands.load(words).notes[0]


def test_an_utterance_of_the_lists_that_is_absent_is_told(words):
    (words / "yes" / "00000002_nohash_1.wav").unlink()

    assert (
        speech_commands.load(words)
        .notes[-1]
        .endswith("1 utterance of the official lists not here: yes/00000002_nohash_1.wav")
    )


@pytest.mark.parametrize("name", ["validation_list.txt", "testing_list.txt"])
def test_without_its_lists_it_is_a_folder_of_class_folders(words, name):
    (words / name).unlink()

    assert not speech_commands.recognises(words)


def test_a_list_that_is_no_text_is_refused(words):
    (words / "testing_list.txt").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(DataError, match=r"testing_list\.txt"):
        speech_commands.load(words)
