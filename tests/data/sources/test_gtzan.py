from collections import Counter

import pytest

from earmark.data.open import open_dataset
from earmark.data.parts import published_parts, split_of_parts
from earmark.data.sources import gtzan
from earmark.data.splits import split_dataset


@pytest.fixture
def genres(tmp_path):
    """Make the thousand files, empty, as the archive holds them."""

    def make(place="", suffix=".au", without=()):
        for genre in gtzan.GENRES:
            (tmp_path / place / genre).mkdir(parents=True)
            for number in range(100):
                if f"{genre}.{number:05d}" not in without:
                    (tmp_path / place / genre / f"{genre}.{number:05d}{suffix}").touch()
        return tmp_path

    return make


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Make the thousand files once; tests only read them."""
    folder = tmp_path_factory.mktemp("whole")
    for genre in gtzan.GENRES:
        (folder / genre).mkdir()
        for number in range(100):
            (folder / genre / f"{genre}.{number:05d}.wav").touch()
    return folder


def test_the_published_split_has_its_published_sizes():
    assert Counter(gtzan.filtered_split().values()) == {"train": 443, "validation": 197, "test": 290}


def test_the_split_has_each_genre_in_each_part():
    assert len({(clip.partition(".")[0], part) for clip, part in gtzan.filtered_split().items()}) == 30


def test_the_split_holds_at_most_one_of_any_set_of_repeats():
    sets = {}
    for clip, first in gtzan.repeats().items():
        sets.setdefault(first, {first}).add(clip)

    assert len(gtzan.repeats()) == 50
    assert all(len(each & set(gtzan.filtered_split())) <= 1 for each in sets.values())


def test_one_repeat_alone_crosses_genres():
    crossing = [pair for pair in gtzan.repeats().items() if pair[0].split(".")[0] != pair[1].split(".")[0]]

    assert crossing == [("rock.00016", "metal.00058")]


def test_all_names_are_of_the_thousand():
    thousand = {f"{genre}.{number:05d}" for genre in gtzan.GENRES for number in range(100)}

    assert set(gtzan.filtered_split()) | set(gtzan.repeats()) | set(gtzan.repeats().values()) <= thousand
    assert gtzan.BROKEN in thousand


@pytest.mark.slow
@pytest.mark.parametrize("place", ["", "genres", "genres_original"])
def test_it_is_found_in_the_folders_that_copies_have(genres, place):
    folder = genres(place)

    assert gtzan.recognises(folder)
    assert open_dataset(folder)[0].name == "blues/blues.00000.au"


@pytest.mark.slow
def test_the_last_fold_is_the_published_test_part(whole):
    data = open_dataset(whole)
    split = split_dataset(data, seed=0)

    assert {data[index].path.stem for index in split.test} == {
        clip for clip, part in gtzan.filtered_split().items() if part == "test"
    }


def test_the_published_parts_can_be_followed_to_the_letter(whole):
    data = published_parts(open_dataset(whole))
    split = split_of_parts(data)

    assert [len(split.train), len(split.validation), len(split.test)] == [443, 197, 290]


@pytest.mark.slow
def test_what_is_left_out_and_what_is_absent_is_told(genres):
    notes = gtzan.load(genres(without=("jazz.00054", "pop.00015"))).notes

    assert "69 excerpts outside that split left out" in notes[1]
    assert notes[2] == "1 excerpt of that split not here: jazz.00054"


@pytest.mark.slow
def test_a_small_part_of_it_is_a_folder_of_class_folders(genres):
    folder = genres(without={f"{genre}.{number:05d}" for genre in gtzan.GENRES for number in range(20, 100)})

    assert not gtzan.recognises(folder)
    assert open_dataset(folder).n == 200


@pytest.mark.slow
def test_a_sound_in_the_wrong_folder_does_not_count(genres):
    folder = genres()
    (folder / "jazz" / "jazz.00000.au").rename(folder / "rock" / "jazz.00000.au")

    assert "jazz.00000" in gtzan.load(folder).notes[-1]
