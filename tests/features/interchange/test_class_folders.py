import csv
import io
import re
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.sources import table
from earmark.errors import DataError
from earmark.features.interchange.class_folders import list_clips, places_of


def dataset_of(*clips):
    """Clips from (name, label) or (name, label, start_s, end_s)."""
    return Dataset(
        [
            Clip(
                name=name,
                path=Path(name),
                label=label,
                group=f"g-{name}",
                **dict(zip(("start_s", "end_s"), rest, strict=False)),
            )
            for name, label, *rest in clips
        ],
        root=Path(),
    )


def test_a_picture_is_called_after_its_sound_and_lies_in_the_folder_of_its_class():
    dataset = dataset_of(
        ("audio/1-100032-A-0.ogg", "dog"), ("jazz/jazz.00054.wav", "jazz"), ("x/y/take 2.FLAC", "sea waves")
    )
    assert places_of(dataset) == ["dog/1-100032-A-0.png", "jazz/jazz.00054.png", "sea waves/take 2.png"]


def test_only_the_suffix_of_a_sound_or_picture_is_dropped():
    dataset = dataset_of(("a.png", "x"), ("take.01", "x"), ("b.wav.bak", "x"), ("blues#3", "x"))
    assert places_of(dataset) == ["x/a.png", "x/take.01.png", "x/b.wav.bak.png", "x/blues#3.png"]


def test_stretches_of_one_file_have_their_start_in_the_name():
    dataset = dataset_of(
        ("a.wav", "x", 0.0, 1.5),
        ("a.wav", "x", 1.5, 2.0),
        ("a.wav", "x", 12.0, None),
        ("a.wav", "x", 1.5, 9.0),
        ("a.wav", "x"),
    )
    assert places_of(dataset) == ["x/a-0s.png", "x/a-1.5s.png", "x/a-12s.png", "x/a-1.5s-2.png", "x/a.png"]


def test_names_that_meet_are_numbered_also_where_capitals_do_not_count():
    dataset = dataset_of(
        ("p/a.wav", "x"), ("q/a.wav", "x"), ("q/A.ogg", "x"), ("a-2.wav", "x"), ("r/a.wav", "x"), ("a.wav", "y")
    )
    places = places_of(dataset)
    assert places[:2] == ["x/a.png", "x/a-2.png"]
    assert places[5] == "y/a.png"
    assert len({place.casefold() for place in places}) == 6


def test_labels_that_meet_as_folders_stay_apart():
    dataset = dataset_of(("a.wav", "dog"), ("a.wav", "Dog"), ("a.wav", "a/b"), ("a.wav", "a:b"), ("a.wav", "clips.csv"))
    folders = {PurePosixPath(place).parts[0].casefold() for place in places_of(dataset)}
    assert len(folders) == 5
    assert "clips.csv" not in folders


@pytest.mark.parametrize(
    ("label", "folder"),
    [
        ("..", "_"),
        (".", "_"),
        (".git", "git"),
        ("a/../../b", "a_.._.._b"),
        ("/etc", "_etc"),
        ("a\\b", "a_b"),
        ("dog.", "dog"),
        ("x\ny\tz", "x_y_z"),
        ("what?", "what_"),
        ("Käfer 雨", "Käfer 雨"),
        ("Ka\u0308fer", "Käfer"),
        ("\udcfc", "_"),
    ],
)
def test_a_label_that_is_no_name_of_a_folder_is_made_one(label, folder):
    assert places_of(dataset_of(("a.wav", label))) == [f"{folder}/a.png"]


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(st.text(max_size=30), st.sampled_from(["a", "A", "a/", "b", "ä" * 200])), min_size=1, max_size=12
    )
)
def test_any_names_give_places_below_the_folder_that_are_each_their_own(names):
    places = places_of(dataset_of(*names))
    assert len({place.casefold() for place in places}) == len(places)
    for place in places:
        folder, name = place.split("/")
        for part in (folder, name):
            assert not part.startswith(".")
            assert not re.search(r'[\x00-\x1f<>:"\\|?*]', part)
            assert len(part.encode()) <= 200
        assert name.endswith(".png")


@pytest.mark.slow
def test_many_clips_of_one_name_take_no_time_that_grows_with_their_square():
    dataset = dataset_of(*((f"{number}/take.wav", "x") for number in range(20_000)))
    assert len(set(places_of(dataset))) == 20_000


# ---------------------------------------------------------------- the table

PLAIN = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(lambda text: text == text.strip())


@pytest.mark.slow
@given(words=st.lists(st.tuples(PLAIN, PLAIN), min_size=1, max_size=5), with_folds=st.booleans())
def test_labels_groups_and_folds_come_back_from_the_table(tmp_path_factory, words, with_folds):
    clips = [
        Clip(name=f"{n}.wav", path=Path(), label=label, group=group, fold=n + 1 if with_folds else None)
        for n, (label, group) in enumerate(words)
    ]
    folder = tmp_path_factory.getbasetemp()
    places = [f"{n}.png" for n in range(len(clips))]
    (folder / "0.png").touch()
    (folder / "clips.csv").write_bytes(list_clips(Dataset(clips, Path()), places).encode())
    back = table.load(folder / "clips.csv")
    assert [(clip.name, clip.label, clip.group, clip.fold) for clip in back] == [
        (place, clip.label, clip.group, clip.fold) for place, clip in zip(places, clips, strict=True)
    ]


def test_the_table_is_what_a_spreadsheet_reads():
    text = list_clips(dataset_of(("a.wav", 'the "dog", barking')), ["x/a.png"])
    assert list(csv.reader(io.StringIO(text))) == [
        ["path", "label", "group", "fold"],
        ["x/a.png", 'the "dog", barking', "g-a.wav", ""],
    ]


@pytest.mark.parametrize("word", ["", " ", " dog", "dog\t", "a\0b", "\udcfc"])
@pytest.mark.parametrize("what", ["label", "group"])
def test_a_word_that_a_table_would_change_is_refused(what, word):
    clip = Clip(**{"name": "a.wav", "path": Path(), "label": "x", "group": "g", what: word})
    with pytest.raises(DataError, match=f"a.wav: the {what} .* cannot stand in a table") as caught:
        list_clips(Dataset([clip], Path()), ["x/a.png"])
    str(caught.value).encode()  # it can be shown


def test_folds_of_some_clips_only_are_refused():
    clips = [
        Clip(name=name, path=Path(), label="x", group="g", fold=fold) for name, fold in (("a.wav", 0), ("b.wav", None))
    ]
    with pytest.raises(DataError, match=r"some clips have a fold and some have none \(b.wav\)"):
        list_clips(Dataset(clips, Path()), ["x/a.png", "x/b.png"])


def test_no_clips_are_refused():
    with pytest.raises(DataError, match="there are no clips"):
        list_clips(Dataset([], Path()), [])
