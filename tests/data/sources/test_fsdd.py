import pytest

from earmark.data.open import open_dataset
from earmark.data.sources import fsdd


@pytest.fixture
def recordings(tmp_path):
    def make(*names, place="recordings"):
        for name in names:
            (tmp_path / place / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / place / name).touch()
        return tmp_path

    return make


SOME = ("0_ann_0.wav", "1_ann_10.wav", "0_bob_3.wav", "1_bob_4.wav")


@pytest.mark.parametrize("place", ["recordings", ""])
def test_digit_and_speaker_come_from_the_name(recordings, place):
    data = open_dataset(recordings(*SOME, place=place))

    assert [(clip.label, clip.group, clip.extra["index"]) for clip in data] == [
        ("0", "ann", "0"),
        ("0", "bob", "3"),
        ("1", "ann", "10"),
        ("1", "bob", "4"),
    ]
    assert set(data.folds) == {None}


@pytest.mark.parametrize(
    "names",
    [("0_ann_0.wav", "1_ann_0.wav"), ("0_ann_0.wav", "0_bob_0.wav"), (*SOME, "song.wav", "other.wav"), ("a.txt",)],
)
def test_what_is_no_such_set_is_not_recognised(recordings, names):
    assert not fsdd.recognises(recordings(*names))


def test_a_stray_sound_among_many_is_left_out_and_named(recordings):
    many = [f"{digit}_{who}_{n}.wav" for digit in range(10) for who in ("ann", "bob") for n in range(5)]
    data = fsdd.load(recordings(*many, "hello.wav", "._0_ann_0.wav"))

    assert data.n == 100
    assert data.notes == ("1 sound not named DIGIT_SPEAKER_NUMBER left out: hello.wav",)
