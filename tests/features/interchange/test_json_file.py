import json
import random
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.errors import DataError, SettingError, StorageError
from earmark.features.interchange import json_file
from earmark.features.interchange.table import FeatureTable

GOOD = {"mapping": ["blues", "jazz"], "labels": [1, 0], "mfcc": [[[1.5, 2.5, 3.5], [4, 5, 6]]] * 2}


def make_table(arrays, labels=None, **kwargs):
    labels = labels or ["dog"] * len(arrays)
    clips = [
        Clip(name=f"{label}/{index}.wav", path=Path("x"), label=label, group=str(index), fold=1)
        for index, label in enumerate(labels)
    ]
    return FeatureTable(dataset=Dataset(clips, Path()), arrays=arrays, **kwargs)


def load_data(path):
    """Load a file as the notebooks do."""
    with path.open() as stream:
        data = json.load(stream)
    return np.array(data["mfcc"]), np.array(data["labels"]), data["mapping"]


@pytest.fixture
def write(tmp_path):
    def write_content(content):
        path = tmp_path / "data.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write_content


def refusal(path):
    with pytest.raises(DataError) as caught:
        json_file.read(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


# ---------------------------------------------------------------- written


def test_the_notebooks_load_what_is_written(tmp_path):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(n, 13, 130)).astype(np.float32) for n in (2, 1, 3)]
    json_file.write(tmp_path / "data.json", make_table(arrays, ["jazz", "blues", "jazz"]))

    x, y, mapping = load_data(tmp_path / "data.json")
    assert x.shape == (6, 130, 13), "time comes first"
    assert np.array_equal(x.astype(np.float32), np.concatenate(arrays).transpose(0, 2, 1))
    assert y.tolist() == [1, 1, 0, 1, 1, 1]
    assert mapping == ["blues", "jazz"]


def test_the_keys_are_those_of_the_notebooks_and_no_other(tmp_path):
    json_file.write(tmp_path / "data.json", make_table([np.ones((1, 2, 3))]))

    assert sorted(json.loads((tmp_path / "data.json").read_text())) == ["labels", "mapping", "mfcc"]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    npst.arrays(
        np.float32,
        npst.array_shapes(min_dims=3, max_dims=3, max_side=4),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=True),
    )
)
def test_every_float32_comes_back_as_the_same_bits(tmp_path_factory, array):
    path = tmp_path_factory.getbasetemp() / "bits.json"
    json_file.write(path, make_table([array]), overwrite=True)

    read = np.concatenate(list(json_file.read(path).arrays))
    assert read.dtype == np.float32
    assert read.tobytes() == array.tobytes()
    written = json.loads(path.read_text())["mfcc"]
    assert all(type(number) is float for segment in written for frame in segment for number in frame)


def test_random_patterns_of_bits_come_back(tmp_path):
    bits = np.random.default_rng(0).integers(0, 1 << 32, size=50_000, dtype=np.uint32).view(np.float32)
    array = bits[np.isfinite(bits)][:49_000].reshape(7, 70, 100)
    json_file.write(tmp_path / "data.json", make_table([array]))

    read = np.concatenate(list(json_file.read(tmp_path / "data.json").arrays))
    assert np.array_equal(read.view(np.uint32), array.view(np.uint32))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=4, unique=True))
def test_any_names_of_classes_come_back(tmp_path_factory, names):
    path = tmp_path_factory.getbasetemp() / "names.json"
    json_file.write(path, make_table([np.ones((1, 1, 1))] * len(names), names), overwrite=True)

    assert load_data(path)[2] == sorted(names)


def test_what_was_written_is_read_with_its_labels(tmp_path):
    arrays = [np.full((n, 2, 3), n, dtype=np.float32) for n in (1, 2)]
    json_file.write(tmp_path / "data.json", make_table(arrays, ["rain", "dog"]))

    table = json_file.read(tmp_path / "data.json")
    assert [clip.label for clip in table.dataset] == ["rain", "dog", "dog"]
    assert [array.shape for array in table.arrays] == [(1, 2, 3)] * 3
    assert np.array_equal(np.concatenate(list(table.arrays)), np.concatenate(arrays))


class Lazy:
    """Arrays that are made when they are asked for."""

    def __init__(self, n, shape):
        self.n = n
        self.shape = shape

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        if not 0 <= index < self.n:
            raise IndexError(index)
        return np.random.default_rng(index).normal(size=self.shape).astype(np.float32)


@pytest.mark.slow
def test_memory_stays_flat_while_writing(tmp_path):
    peaks = []
    for n in (2, 20):
        tracemalloc.start()
        json_file.write(tmp_path / f"{n}.json", make_table(Lazy(n, (5, 13, 50))))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < 1.5 * peaks[0]


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_refused_and_nothing_is_left(tmp_path, wrong):
    arrays = [np.ones((1, 2, 3)), np.full((1, 2, 3), wrong)]

    with pytest.raises(DataError, match=r"dog/1\.wav has features that are not finite"):
        json_file.write(tmp_path / "data.json", make_table(arrays))
    assert list(tmp_path.iterdir()) == []


def test_pictures_are_refused(tmp_path):
    table = make_table([np.zeros((2, 3, 4), dtype=np.uint8)], is_pictures=True)

    with pytest.raises(SettingError, match="pictures"):
        json_file.write(tmp_path / "data.json", table)


def test_clips_cut_otherwise_are_refused_and_nothing_is_left(tmp_path):
    with pytest.raises(SettingError, match=r"dog/1\.wav gives segments of 2 x 4"):
        json_file.write(tmp_path / "data.json", make_table([np.ones((1, 2, 3)), np.ones((1, 2, 4))]))
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_the_kind_is_replaced_only_when_asked(tmp_path):
    path = tmp_path / "data.json"
    json_file.write(path, make_table([np.ones((1, 2, 3))]))
    before = path.read_bytes()

    with pytest.raises(StorageError, match="--overwrite"):
        json_file.write(path, make_table([np.zeros((1, 2, 3))]))
    assert path.read_bytes() == before
    json_file.write(path, make_table([np.zeros((1, 2, 3))]), overwrite=True)
    assert path.read_bytes() != before


def test_a_file_of_a_notebook_may_be_replaced(write):
    path = write(json.dumps(GOOD, indent=4))

    json_file.write(path, make_table([np.ones((1, 2, 3))]), overwrite=True)
    assert json_file.read(path).dataset.labels == ("dog",)


@pytest.mark.parametrize("other", ["[1, 2]", '{"name": "package"}', "", 'no "mfcc"'])
def test_another_json_file_is_never_replaced(write, other):
    path = write(other)

    with pytest.raises(StorageError, match="is not a JSON file of features"):
        json_file.write(path, make_table([np.ones((1, 2, 3))]), overwrite=True)
    assert path.read_text() == other


# ---------------------------------------------------------------- read


@pytest.mark.parametrize("indent", [None, 4])
def test_a_file_of_the_notebooks_is_read(write, indent):
    path = write(json.dumps(GOOD, indent=indent))
    table = json_file.read(path)

    assert [(clip.name, clip.label, clip.group, clip.fold, clip.path) for clip in table.dataset] == [
        ("jazz/00000", "jazz", "jazz/00000", None, path),
        ("blues/00001", "blues", "blues/00001", None, path),
    ]
    assert table.dataset.root == path.parent
    assert [(array.shape, array.dtype) for array in table.arrays] == [((1, 3, 2), np.float32)] * 2
    assert table.arrays[0].tolist() == [[[1.5, 4], [2.5, 5], [3.5, 6]]], "time comes last"
    assert table.recipe is None
    assert not table.is_pictures


def test_it_is_said_once_that_there_are_no_groups(write):
    (note,) = json_file.read(write(GOOD)).dataset.notes

    assert note == (
        "data.json has no groups: segments of one recording may lie on both sides of the split, so the score may be "
        "inflated"
    )


@pytest.mark.parametrize("order", [("mfcc", "labels", "mapping"), ("labels", "mfcc", "mapping")])
def test_the_keys_may_stand_in_any_order_and_beside_others(write, order):
    content = {"created": {"by": ["x", {}]}, **{key: GOOD[key] for key in order}, "notes": [], "rate": None}

    assert json_file.read(write(content)).dataset.n == 2


def test_text_with_a_mark_of_its_encoding_is_read(write):
    assert json_file.read(write("\ufeff" + json.dumps(GOOD))).dataset.n == 2


def test_of_a_key_that_comes_twice_the_last_counts_as_json_has_it(write):
    text = json.dumps(GOOD)[:-1] + ', "labels": [0, 0], "mfcc": [[[1]], [[2]]]}'
    table = json_file.read(write(text))

    assert table.dataset.labels == ("blues",)
    assert [array.shape for array in table.arrays] == [(1, 1, 1)] * 2


def test_names_that_no_segment_has_are_mentioned(write):
    notes = json_file.read(write(GOOD | {"mapping": ["", "jazz", "rock"], "labels": [1, 1]})).dataset.notes

    assert notes[1:] == ("2 names of the mapping have no segments: '', 'rock'",)


@pytest.mark.parametrize(
    ("mapping", "labels", "read"),
    [
        (["genres\\blues", "genres\\jazz"], [0, 1], ("blues", "jazz")),
        (["data/wav/blues", "data/wav/jazz"], [0, 1], ("blues", "jazz")),
        (["../data", "../data/blues", "../data/jazz"], [1, 2], ("blues", "jazz")),
        (["data/blues", "other/jazz"], [0, 1], ("data/blues", "other/jazz")),
        (["data/blues", "jazz"], [0, 1], ("data/blues", "jazz")),
        (["data/blues", "data\\blues"], [0, 1], ("data/blues", "data\\blues")),
        (["data/blues/", "data/jazz/"], [0, 1], ("data/blues/", "data/jazz/")),
    ],
)
def test_names_with_one_folder_in_front_lose_it_and_others_stay(write, mapping, labels, read):
    dataset = json_file.read(write(GOOD | {"mapping": mapping, "labels": labels})).dataset

    assert [clip.label for clip in dataset] == list(read)
    said = [note for note in dataset.notes if "folders in the class names" in note]
    assert len(said) == (read[0] == "blues")
    assert len({clip.name for clip in dataset}) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mapping": None}, "'mapping' must hold a list of class names"),
        ({"mapping": ["blues", 1]}, "'mapping' must hold a list of class names"),
        ({"mapping": ["blues", "blues"]}, "'mapping' names a class twice: 'blues'"),
        ({"mapping": ["blues", " "]}, "entry 1 of 'mapping' is empty and 'labels' uses it"),
        ({"mapping": []}, "entry 0 of 'labels' is '1': it must be a whole number from 0 to -1"),
        ({"labels": {"0": 1}}, "'labels' must hold a list"),
        ({"labels": [0, 1, 0]}, "'labels' has 3 labels and 'mfcc' has 2 segments"),
        ({"labels": [0]}, "'labels' has 1 label and 'mfcc' has 2 segments"),
        ({"labels": [0, 2]}, "entry 1 of 'labels' is '2': it must be a whole number from 0 to 1"),
        ({"labels": [-1, 0]}, "entry 0 of 'labels' is '-1'"),
        ({"labels": [0, 1.0]}, "entry 1 of 'labels' is '1.0'"),
        ({"labels": [True, False]}, "entry 0 of 'labels' is 'True'"),
        ({"labels": ["0", 0]}, "entry 0 of 'labels' is '0'"),
        ({"labels": [None, 0]}, "entry 0 of 'labels' is 'None'"),
        ({"labels": [], "mfcc": []}, "holds no segments"),
        ({"mfcc": {"0": 1}}, "'mfcc' must hold a list of segments"),
        ({"mfcc": [[[1, 2]], [[1, 2], [3, 4]]]}, "segment 1 of 'mfcc' has 2 x 2 numbers and segment 0 has 1 x 2"),
        ({"mfcc": [[[1, 2]], [[1], [2]]]}, "segment 1 of 'mfcc' has 2 x 1 numbers"),
        ({"mfcc": [[[1, 2]], [[1, 2], [3]]]}, "segment 1 of 'mfcc' has frames of unequal lengths"),
        ({"mfcc": [[1, 2], [3, 4]]}, "segment 0 of 'mfcc' must be a list of frames"),
        ({"mfcc": [[[[1]]], [[[1]]]]}, "segment 0 of 'mfcc' must be a list of frames"),
        ({"mfcc": [[[1, 2]], []]}, "segment 1 of 'mfcc' must be a list of frames"),
        ({"mfcc": [[[]], [[]]]}, "segment 0 of 'mfcc' must be a list of frames"),
        ({"mfcc": [[[1, "2"]], [[1, 2]]]}, "segment 0 of 'mfcc' must be a list of frames, each a list of numbers"),
        ({"mfcc": [[[1, None]], [[1, 2]]]}, "segment 0 of 'mfcc' must be a list of frames, each a list of numbers"),
        ({"mfcc": [[[float("nan")]], [[1]]]}, "segment 0 of 'mfcc' has numbers that are not finite"),
        ({"mfcc": [[[1.0]], [[float("inf")]]]}, "segment 1 of 'mfcc' has numbers that are not finite"),
        ({"mfcc": [[[1e39]], [[1]]]}, "segment 0 of 'mfcc' has numbers that are not finite, or beyond float32"),
    ],
)
def test_a_fault_is_named_in_one_line(write, change, said):
    assert said in refusal(write(GOOD | change))


@pytest.mark.parametrize("key", ["mapping", "labels", "mfcc"])
def test_a_missing_key_offers_the_nearest(write, key):
    content = {f"{name}s" if name == key else name: value for name, value in GOOD.items()}

    assert f"has no key '{key}': did you mean '{key}s'?" in refusal(write(content))


def test_the_keys_of_a_foreign_file_are_neither_poured_out_nor_break_the_line(write):
    assert len(refusal(write({"a\nb": 1} | {f"key{n}": n for n in range(1000)}))) < 400


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1, column 1: expecting {"),
        ("[1, 2]", "line 1, column 1: expecting {"),
        ("{}", "has no key 'mapping': none is known"),
        ('{"a": 1,}', "line 1, column 9"),
        ('{"a" 1}', "line 1, column 6: expecting :"),
        ("{1: 2}", "line 1, column 2"),
        ('{"a": 1} {}', "line 1, column 10: extra data"),
        ('{"mfcc": [[[1]],\n [[2]] ', "line 2, column 8: expecting , or ]"),
        ('{"mfcc": [[[1]],\n]', "line 2, column 1: expecting value"),
        ('{"a": ' + "9" * 5000 + "}", "no JSON that can be read"),
        ('{"mfcc": [' + "[" * 200_000, "no JSON that can be read"),
    ],
)
def test_text_that_is_no_such_object_is_refused_with_the_place(write, text, said):
    assert said in refusal(write(text))


def test_a_file_cut_off_anywhere_is_refused_with_the_place(write):
    text = json.dumps(GOOD, indent=1)

    for end in range(len(text)):
        assert "is cut off or no JSON: line " in refusal(write(text[:end]))


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "data.json").write_bytes(b'{"mapping": ["\xff"]}')

    assert "is not UTF-8 text (byte 15)" in refusal(tmp_path / "data.json")


def test_a_file_that_may_not_be_read_is_refused(tmp_path):
    (tmp_path / "data.json").mkdir()

    assert "cannot be read: is a directory" in refusal(tmp_path / "data.json")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=8,
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(GOOD, JUNK)))
def test_any_content_gives_a_table_or_one_line(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(content))
    try:
        assert len(json_file.read(path).arrays) == len(content["mfcc"])
    except DataError as error:
        assert str(path) in str(error)  # noqa: PT017 - either way is right
        assert "\n" not in str(error)  # noqa: PT017


def test_a_flipped_byte_gives_a_table_or_one_line(write):
    text = json.dumps(GOOD)
    rng = random.Random(0)  # noqa: S311 - which byte is no secret
    path = write(text)
    refused = 0
    for _ in range(300):
        place = rng.randrange(len(text))
        path.write_text(text[:place] + chr(rng.randrange(32, 127)) + text[place + 1 :])
        try:
            json_file.read(path)
        except DataError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either way is right
            refused += 1
    assert refused > 100


@pytest.mark.slow
def test_reading_holds_numbers_and_not_lists_of_objects(write):
    rng = np.random.default_rng(0)
    content = GOOD | {"mapping": ["a"], "labels": [0] * 100, "mfcc": rng.normal(size=(100, 50, 13)).tolist()}
    path = write(content)
    tracemalloc.start()
    table = json_file.read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    n_bytes = sum(array.nbytes for array in table.arrays)
    assert peak < 3 * path.stat().st_size + 2 * n_bytes
    assert peak < 100 * 50 * 13 * 32 + path.stat().st_size, "as much as the lists alone would take"


@pytest.mark.parametrize(
    ("name", "recognised"), [("data.json", True), ("DATA.JSON", True), ("data.jsonl", False), ("json", False)]
)
def test_it_is_recognised_by_its_suffix(tmp_path, name, recognised):
    (tmp_path / name).write_text("x")

    assert json_file.recognises(tmp_path / name) is recognised


def test_a_folder_called_so_is_not_recognised(tmp_path):
    (tmp_path / "data.json").mkdir()

    assert not json_file.recognises(tmp_path / "data.json")
