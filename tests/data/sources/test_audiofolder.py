import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earmark.data.open import open_dataset
from earmark.data.sources import audiofolder, folder
from earmark.data.splits import split_dataset
from earmark.errors import DataError


@pytest.fixture
def touch(tmp_path):
    def touch_files(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    return touch_files


def write(root, text, name="metadata.csv"):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text if isinstance(text, str) else "\n".join(map(json.dumps, text)), encoding="utf-8")
    return root


def refusal(path):
    with pytest.raises(DataError) as caught:
        open_dataset(path)
    message = str(caught.value)
    assert "\n" not in message
    return message


CSV = "file_name,label,group,artist\na.wav,dog,g1,Ada\nx/y/b.wav,rain,g2,Bo\n"
JSON = [
    {"file_name": "a.wav", "label": "dog", "group": "g1", "artist": "Ada"},
    {"file_name": "x/y/b.wav", "label": "rain", "group": "g2", "artist": "Bo"},
]


# ---------------------------------------------------------------- metadata


@pytest.mark.parametrize(("name", "content"), [("metadata.csv", CSV), ("metadata.jsonl", JSON)])
def test_metadata_name_the_sounds_anywhere_below(touch, name, content):
    root = write(touch("a.wav", "x/y/b.wav"), content, name)
    data = open_dataset(root)

    assert [(clip.name, clip.label, clip.group, clip.fold) for clip in data] == [
        ("a.wav", "dog", "g1", None),
        ("x/y/b.wav", "rain", "g2", None),
    ]
    assert [clip.extra["artist"] for clip in data] == ["Ada", "Bo"]
    assert all(clip.path.is_file() for clip in data)
    assert data.notes == ()
    assert open_dataset(root / name) == data, "the file stands for its folder"


def test_without_a_column_of_groups_the_file_is_the_group(touch):
    root = write(touch("a.wav", "b.wav"), "file_name,label\na.wav,dog\nb.wav,rain\n")

    assert open_dataset(root).groups == ("a.wav", "b.wav")


def test_another_column_may_name_the_groups(touch):
    root = write(touch("a.wav", "x/y/b.wav"), CSV)

    assert open_dataset(root, group_column="artist").groups == ("Ada", "Bo")


def test_sounds_that_are_not_named_are_left_out_and_mentioned(touch):
    root = write(touch("a.wav", "x/y/b.wav", "x/c.wav", ".d.wav", "x/notes.txt"), CSV)

    assert open_dataset(root).notes == ("1 sound not in metadata.csv left out: x/c.wav",)


def test_sounds_may_lie_elsewhere(touch):
    root = touch("sounds/a.wav", "sounds/b.wav")
    write(root, "file_name,label\n../sounds/a.wav,dog\n../sounds/b.wav,rain\n", "meta/metadata.csv")

    assert [clip.name for clip in open_dataset(root / "meta")] == ["../sounds/a.wav", "../sounds/b.wav"]


def test_metadata_beside_class_folders_count(touch):
    root = write(touch("dog/a.wav", "rain/b.wav"), "file_name,label\ndog/a.wav,bark\nrain/b.wav,drops\n")

    assert open_dataset(root).labels == ("bark", "drops")


def test_values_of_every_kind_become_text(touch):
    row = {"label": 3, "tags": ["x"], "real": True, "key": None, "bpm": 1.5, " year ": 1999}
    root = write(touch("a.wav"), [{"file_name": "a.wav"} | row], "metadata.jsonl")
    (clip,) = open_dataset(root)

    assert clip.label == "3"
    read = [clip.extra[name] for name in ("tags", "real", "key", "bpm", "year")]
    assert read == ['["x"]', "true", "", "1.5", "1999"]


def test_objects_may_have_other_keys_each_and_lines_between_them(touch):
    first, second = '{"file_name": "a.wav", "label": "dog"}', '{"label": "rain", "key": "C", "file_name": "b.wav"}'
    root = write(touch("a.wav", "b.wav"), f"\n{first}\r\n\n{second}\n", "metadata.jsonl")

    assert [clip.extra.get("key") for clip in open_dataset(root)] == [None, "C"]


@pytest.mark.parametrize("column", ["category", "class", "labels", "Label"])
@pytest.mark.parametrize("name", ["metadata.csv", "metadata.jsonl"])
def test_the_labels_stand_in_the_column_label_and_no_other(touch, column, name):
    content = f"file_name,{column}\na.wav,dog\n" if name.endswith("csv") else [{"file_name": "a.wav", column: "dog"}]

    message = refusal(write(touch("a.wav"), content, name))
    assert f"{name} has no column 'label': " in message
    assert column in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ('{"file_name": "a.wav", "label": "dog"}\n{"file_name": "b', "line 2 is no object"),
        ('["a.wav", "dog"]', "line 1 is no object"),
        ('{"file_name": "a\\u0000.wav", "label": "dog"}', "line 1 is no object"),
        ('{"file_name": "a.wav", "label": "\\ud800"}', "line 1 is no object"),
        ("[" * 100_000, "line 1 is no object"),
        ('{"file": "a.wav", "label": "dog"}', "no column 'file_name': did you mean 'file'?"),
        ('{"file_name": "a.wav", "label": "dog"}\n\n{"file_name": "b.wav"}', "row 3 has nothing"),
        ('{"file_name": null, "label": "dog"}', "'file_name' must hold a path: row 1 has nothing"),
        ('{"file_name": "gone.wav", "label": "dog"}', "none of the files"),
    ],
)
def test_a_fault_of_json_lines_is_named_in_one_line(touch, text, said):
    root = write(touch("a.wav"), text, "metadata.jsonl")

    assert said in refusal(root / "metadata.jsonl")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_give_clips_or_a_refusal(tmp_path, content):
    (tmp_path / "a.wav").touch()
    path = tmp_path / "metadata.jsonl"
    path.write_bytes(b'{"file_name": "a.wav", "label": "x' + content)
    try:
        assert audiofolder.load(path).n == 1
    except DataError as error:
        assert str(path) in str(error)  # noqa: PT017 - either way is right


def test_metadata_of_both_kinds_are_refused(touch):
    root = write(write(touch("a.wav", "x/y/b.wav"), CSV), JSON, "metadata.jsonl")

    assert "holds metadata.csv and metadata.jsonl: keep one" in refusal(root)


def test_a_table_of_ones_own_called_metadata_stays_a_table(touch):
    root = write(touch("a.wav"), "path,label,file_name\na.wav,dog,0.wav\n")

    assert not audiofolder.recognises(root)
    assert not audiofolder.recognises(root / "metadata.csv")
    assert open_dataset(root)[0].name == open_dataset(root / "metadata.csv")[0].name == "a.wav"


@pytest.mark.parametrize("text", ["", "x,y\n1,2\n", '"', "\0"])
def test_metadata_that_name_no_files_leave_class_folders_as_they_are(touch, text):
    root = write(touch("dog/a.wav", "rain/b.wav"), text)

    assert not audiofolder.recognises(root)
    assert open_dataset(root).labels == ("dog", "rain")


# ---------------------------------------------------------------- parts of a split


def folds(data):
    return {clip.name: clip.fold for clip in data}


@pytest.mark.parametrize(
    ("parts", "numbers", "note"),
    [
        (("train", "test"), (1, 3), "the folders train, test are read as folds 1 and 3"),
        (("train", "validation"), (1, 2), "the folders train, validation are read as folds 1 and 2"),
        (("train", "val", "test"), (1, 2, 3), "the folders train, val, test are read as folds 1, 2 and 3"),
        (("train", "dev", "test"), (1, 2, 3), "the folders train, dev, test are read as folds 1, 2 and 3"),
        (("Training", "Valid", "TEST"), (1, 2, 3), "the folders Training, Valid, TEST are read as folds 1, 2 and 3"),
    ],
)
def test_parts_with_class_folders_are_folds(touch, parts, numbers, note):
    data = open_dataset(touch(*(f"{part}/{label}/a.wav" for part in parts for label in ("dog", "rain"))))

    assert folds(data) == {
        f"{part}/{label}/a.wav": fold for part, fold in zip(parts, numbers, strict=True) for label in ("dog", "rain")
    }
    assert data.labels == ("dog", "rain")
    assert data.groups == tuple(clip.name for clip in data), "files of one name in two parts are two"
    assert all(clip.path.is_file() for clip in data)
    assert data.notes == (note,)


@pytest.mark.slow
def test_the_part_called_test_is_the_one_that_is_tested_on(touch):
    names = [f"{part}/{label}/{n}.wav" for part in ("train", "val", "test") for label in ("a", "b") for n in range(4)]
    data = open_dataset(touch(*names))

    split = split_dataset(data, seed=0)
    assert {data[index].name.split("/")[0] for index in split.test} == {"test"}
    assert len(split.test) == 8


def test_parts_may_have_metadata_each(touch):
    root = touch("train/a.wav", "train/x/b.wav", "test/a.wav", "test/unnamed.wav")
    write(root, "file_name,label\na.wav,dog\nx/b.wav,rain\n", "train/metadata.csv")
    write(root, [{"file_name": "a.wav", "label": "dog"}], "test/metadata.jsonl")

    data = open_dataset(root)
    assert folds(data) == {"train/a.wav": 1, "train/x/b.wav": 1, "test/a.wav": 3}
    assert data.notes == (
        "1 sound not in metadata.jsonl left out: test/unnamed.wav",
        "the folders train, test are read as folds 1 and 3",
    )


def test_metadata_above_the_parts_give_labels_and_the_parts_the_folds(touch):
    root = touch("train/a.wav", "test/b.wav")
    write(root, "file_name,label\ntrain/a.wav,dog\ntest/b.wav,rain\n")

    assert folds(open_dataset(root)) == {"train/a.wav": 1, "test/b.wav": 3}


def test_metadata_that_name_a_file_outside_the_parts_give_no_folds(touch):
    root = touch("train/a.wav", "test/b.wav", "c.wav")
    write(root, "file_name,label\ntrain/a.wav,dog\ntest/b.wav,rain\nc.wav,dog\n")

    assert set(folds(open_dataset(root)).values()) == {None}


def test_a_column_of_folds_wins_over_the_parts_and_this_is_said(touch):
    root = touch("train/a.wav", "test/b.wav")
    write(root, "file_name,label,fold\ntrain/a.wav,dog,7\ntest/b.wav,rain,8\n")
    data = open_dataset(root)

    assert folds(data) == {"train/a.wav": 7, "test/b.wav": 8}
    assert data.notes == ("the column 'fold' is used, and the folders train, test are not read as folds",)


def test_folds_in_one_part_only_are_refused(touch):
    root = touch("train/a.wav", "test/b.wav")
    write(root, "file_name,label,fold\na.wav,dog,7\n", "train/metadata.csv")
    write(root, "file_name,label\nb.wav,dog\n", "test/metadata.csv")

    assert "some of train, test have a column 'fold' and some have none" in refusal(root)


def test_a_single_part_has_no_folds(touch):
    data = open_dataset(touch("train/dog/a.wav", "train/rain/b.wav"))

    assert folds(data) == {"train/dog/a.wav": None, "train/rain/b.wav": None}
    assert data.notes == ("the folder train is the only part of a split: it is read without folds",)


def test_two_folders_for_one_part_are_refused(touch):
    root = touch("train/dog/a.wav", "val/dog/a.wav", "dev/dog/a.wav")

    assert "two folders for one part of a split among train, dev, val: keep one" in refusal(root)


def test_what_is_left_out_of_the_parts_and_beside_them_is_said(touch):
    root = touch("train/dog/a.wav", "train/rain/b.wav", "test/dog/c.wav", "test/dog/d.txt", "README.md", ".gitignore")
    (root / "validation").mkdir()
    (root / "loose.wav").touch()

    assert open_dataset(root).notes == (
        "test: 1 file that is not sound was left out: dog/d.txt",
        "what lies beside train, test was left out: README.md, loose.wav, validation",
        "the folders train, test are read as folds 1 and 3",
    )


@pytest.mark.parametrize(
    "names",
    [
        ("train/a.wav",),
        ("train/a.wav", "test/b.wav"),
        ("train/dog/a.wav", "test/b.wav"),
        ("fold1/dog/a.wav", "fold2/dog/a.wav"),
        ("train/dog/a.wav", "test/dog/b.wav", "fold1/dog/a.wav"),
    ],
)
def test_what_may_be_classes_or_parts_is_still_refused(touch, names):
    root = touch(*names)

    assert not audiofolder.recognises(root)
    assert "look like parts of a split, not like classes" in refusal(root)


@pytest.mark.parametrize("names", [("train/a.wav", "tram/a.wav"), ("train/x/a.wav", "tram/x/a.wav")])
def test_a_class_called_train_stays_a_class(touch, names):
    root = touch(*names)

    assert not audiofolder.recognises(root)
    assert "train" in open_dataset(root).labels


@pytest.mark.parametrize(
    "names", [(), ("a.wav",), ("dog/a.wav", "rain/b.wav"), ("train/a.txt", "test/b.txt"), ("train/.a.wav", "test/x/y")]
)
def test_other_folders_are_not_recognised(touch, names):
    assert not audiofolder.recognises(touch(*names))


@pytest.mark.parametrize("name", ["clips.csv", "clips.jsonl", "metadata.json", "metadata.tsv"])
def test_other_files_are_not_recognised(touch, name):
    assert not audiofolder.recognises(write(touch("a.wav"), "file_name,label\na.wav,dog\n", name) / name)


def test_a_part_reads_as_class_folders_by_themselves(touch):
    root = touch("train/dog/a.wav", "train/rain/b.wav", "test/dog/a.wav")

    assert [clip.label for clip in open_dataset(root / "train")] == [clip.label for clip in folder.load(root / "train")]


def test_a_part_that_may_not_be_listed_is_named(touch, monkeypatch):
    root = touch("train/dog/a.wav", "test/dog/a.wav")

    def deny(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(root), "iterdir", deny)

    assert refusal(root).endswith("cannot be read: permission denied")
