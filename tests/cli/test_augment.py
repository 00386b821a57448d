import json
import re

import pytest

from earmark.augment.catalogue import AUGMENTATIONS
from earmark.cli.augment import augment as command
from earmark.data.open import open_dataset
from earmark.experiment.augmentation import DEFAULT_STEPS


def test_the_place_is_printed_and_the_rest_is_talk(earmark, trained, tmp_path):
    answer = earmark("augment", trained / "sounds", "-o", tmp_path / "more", "--steps", "gain:gain_db_high=0,noise")

    assert answer.status == 0
    assert answer.out == f"{tmp_path / 'more'}\n"
    note, count = answer.told
    assert note.startswith("note: copies are for training only: test on rows of clips.csv whose column source is empty")
    assert count == "24 copies of 24 sounds of 3 classes"
    assert open_dataset(tmp_path / "more").n == 48


def test_the_result_is_given_as_json(earmark, trained, tmp_path):
    answer = earmark(
        *(
            "augment",
            trained / "sounds",
            "-o",
            tmp_path / "more",
            "--copies",
            "2",
            "--steps",
            "gain",
            "--steps",
            "polarity",
        ),
        *("--no-include-original", "--format", "flac", "--seed", "3", "--json"),
    )

    told = json.loads(answer.out)
    assert (told["originals"], told["copies"], told["steps"], told["seed"]) == (0, 48, "gain,polarity", 3)
    assert len(list((tmp_path / "more" / "sounds" / "dog").glob("*-aug2.flac"))) == 8


def test_without_steps_those_are_taken_that_need_nothing_more(earmark, trained, tmp_path):
    told = json.loads(earmark("augment", trained / "sounds", "-o", tmp_path / "more", "--json").out)
    assert told["steps"] == ",".join(DEFAULT_STEPS)


def test_the_help_names_the_steps_that_there_are_and_those_that_are_taken():
    help_text = command.__annotations__["steps"].__metadata__[0].help
    of_sound = {name for name, kind in AUGMENTATIONS.items() if kind.takes == "waveform"}
    assert of_sound <= set(re.findall(r"[a-z-]+", help_text))
    assert f"default: {', '.join(DEFAULT_STEPS)}" in help_text


def test_bad_sounds_are_named(earmark, sounds, tmp_path):
    data = sounds.folder({"dog": 2, "rain": 2}, seconds=0.2)
    (data / "dog" / "dog1.wav").write_bytes(b"RIFF")
    answer = earmark("augment", data, "-o", tmp_path / "more", "--steps", "gain")

    assert answer.status == 0
    assert any(line.startswith("1 of 4 files could not be read: dog/dog1.wav (") for line in answer.told)
    assert answer.told[-1] == "3 copies of 3 sounds of 2 classes"
    answer = earmark("augment", data, "-o", tmp_path / "none", "--strict")
    assert (answer.status, len(answer.told)) == (2, 1)
    assert "dog/dog1.wav cannot be used" in answer.told[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--steps", "pitch-shift,nois"], "there is no augmentation called 'nois': did you mean 'noise'"),
        (["--steps", "noise:snr_low=5"], "noise.snr_low: there is no such setting: did you mean"),
        (["--steps", "background"], "background.path is missing"),
        (["--steps", "background:path=nowhere"], "nowhere"),
        (["--steps", "time-mask"], "'time-mask' changes features and no sound"),
        (["--copies", "0"], "at least 1 copy"),
        (["--format", "mp4"], "no format of sound called 'mp4'"),
        (["--group-column", "artist"], "no column 'artist'"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing_behind(earmark, trained, tmp_path, options, message):
    answer = earmark("augment", trained / "sounds", "-o", tmp_path / "out", *options)

    assert answer.status == 2
    assert len(answer.told) == 1
    assert message in answer.told[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_what_is_there_stays_unless_told(earmark, trained, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "love.txt").write_text("dear")
    for options in ([], ["--overwrite"]):
        answer = earmark("augment", trained / "sounds", "-o", tmp_path / "more", *options)
        assert answer.status == 2
        assert "love.txt" in answer.told[0]
    earmark("augment", trained / "sounds", "-o", tmp_path / "less", "--steps", "gain")
    answer = earmark("augment", trained / "sounds", "-o", tmp_path / "less", "--steps", "gain")
    assert (answer.status, "--overwrite" in answer.told[0]) == (2, True)
    assert earmark("augment", trained / "sounds", "-o", tmp_path / "less", "--steps", "gain", "--overwrite").status == 0
