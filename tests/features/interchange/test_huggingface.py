import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.errors import SettingError, StorageError
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import Recipe
from earmark.features.interchange import huggingface
from earmark.features.interchange.table import FeatureTable

reader = pytest.importorskip("pyarrow.parquet", reason="pyarrow comes with the extra 'parquet'")

ROWS = Path("data", "train-00000-of-00001.parquet")
RECIPE = Recipe(front_end="mfcc", settings=FRONT_ENDS["mfcc"].settings())
NAMES = ["rain", 'it\'s "so": #1', "雨 \U0001f327", "back\\slash", "yes", "1", "line\nbreak\x7f\ufeff", "- x"]

LOAD = """
import json, sys
import datasets
rows = datasets.load_dataset(sys.argv[1], cache_dir=sys.argv[2])
names = list(rows)
rows = rows["train"]
if "image" in rows.features:
    kind = type(rows.features["image"]).__name__
    rows = rows.cast_column("image", datasets.Image(decode=False))
else:
    feature = rows.features["features"]
    kind = [type(feature).__name__, list(feature.shape), feature.dtype]
columns = {name: rows[name][:] for name in rows.column_names if name not in ("features", "image")}
numbers = rows.with_format("numpy")["features"][:].astype(float).tolist() if isinstance(kind, list) else None
print(json.dumps([names, kind, rows.features["label"].names, columns, numbers]))
"""


def make_table(arrays, labels=None, folds=None, **kwargs):
    labels = labels or ["dog"] * len(arrays)
    clips = [
        Clip(name=f"ü{index}.wav", path=Path("x"), label=label, group=f"g{index % 2}", fold=fold)
        for index, (label, fold) in enumerate(zip(labels, folds or [None] * len(labels), strict=True))
    ]
    return FeatureTable(dataset=Dataset(clips, Path()), arrays=arrays, **kwargs)


def random_arrays(*n_segments):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(n, 3, 5)).astype(np.float32) for n in n_segments]


def load_with_datasets(folder, tmp_path):
    """Load a folder in a process of its own, which reaches no network."""
    if importlib.util.find_spec("datasets") is None:
        pytest.skip("Hugging Face datasets is not installed: pip install datasets")
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", LOAD, folder, tmp_path / "cache"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_datasets_loads_the_folder_with_its_types_and_names(tmp_path):
    arrays = random_arrays(2, *[1] * (len(NAMES) - 1))
    table = make_table(arrays, NAMES, folds=[1, None, *range(2, len(NAMES))], recipe=RECIPE)
    huggingface.write(tmp_path / "folder", table)

    splits, kind, names, columns, numbers = load_with_datasets(tmp_path / "folder", tmp_path)
    assert splits == ["train"]
    assert kind == ["Array2D", [3, 5], "float32"]
    assert names == sorted(NAMES)
    assert [names[label] for label in columns["label"]] == [NAMES[0], *NAMES]
    assert columns["clip"] == ["ü0.wav", *[f"ü{index}.wav" for index in range(len(NAMES))]]
    assert columns["group"][:3] == ["g0", "g0", "g1"]
    assert columns["fold"][:4] == [1, 1, None, 2]
    assert columns["segment"][:3] == [0, 1, 0]
    assert np.array_equal(np.array(numbers, dtype=np.float32), np.concatenate(arrays))


@pytest.mark.slow
def test_datasets_loads_pictures_as_images(tmp_path):
    pictures = [np.full((6, 8, 4), n, dtype=np.uint8) for n in range(2)]
    huggingface.write(tmp_path / "folder", make_table(pictures, ["a", "b"], is_pictures=True))

    _, kind, names, columns, _ = load_with_datasets(tmp_path / "folder", tmp_path)
    assert kind == "Image"
    assert [names[label] for label in columns["label"]] == ["a", "b"]


@pytest.mark.slow
def test_the_rows_are_one_split_with_the_folds_as_a_column(tmp_path):
    huggingface.write(tmp_path / "folder", make_table(random_arrays(2, 1), ["rain", "dog"], folds=[1, 2]))

    written = sorted(file.relative_to(tmp_path / "folder") for file in (tmp_path / "folder").rglob("*"))
    assert written == [Path("README.md"), Path("data"), ROWS]
    rows = reader.read_table(tmp_path / "folder" / ROWS).to_pydict()
    assert rows["label"] == [1, 1, 0]
    assert rows["fold"] == [1, 1, 2]


def test_the_card_names_columns_and_classes(tmp_path):
    huggingface.write(tmp_path / "folder", make_table(random_arrays(2, 1, 1), ["rain", "dog", "dog"], recipe=RECIPE))

    _, head, text = (tmp_path / "folder" / "README.md").read_text().split("---\n", 2)
    assert "path: data/train-*" in head
    assert [line.split(": ")[1] for line in head.splitlines() if line.startswith("  - name: ")] == [
        *("label", "clip", "group", "fold", "segment", "features"),
    ]
    assert "          '0': \"dog\"\n          '1': \"rain\"\n" in head
    assert "| dog | 2 |" in text
    assert '"name": "mfcc"' in text
    assert "3 clips, one row a segment of 3 x 5.\n" in text


def test_a_class_with_a_bar_or_a_line_break_does_not_break_the_list_of_classes(tmp_path):
    huggingface.write(tmp_path / "folder", make_table(random_arrays(1, 1), ["a|b", "c\nd"]))

    text = (tmp_path / "folder" / "README.md").read_text()
    assert "| a\\|b | 1 |\n| c d | 1 |\n" in text


@pytest.mark.slow
@pytest.mark.parametrize("overwrite", [False, True])
def test_an_empty_folder_is_filled(tmp_path, overwrite):
    (tmp_path / "folder").mkdir()
    huggingface.write(tmp_path / "folder", make_table(random_arrays(1)), overwrite=overwrite)

    assert (tmp_path / "folder" / ROWS).is_file()


def test_a_folder_of_the_kind_is_replaced_only_when_asked(tmp_path):
    huggingface.write(tmp_path / "folder", make_table(random_arrays(1)))

    with pytest.raises(StorageError, match="--overwrite"):
        huggingface.write(tmp_path / "folder", make_table(random_arrays(2)))
    assert reader.read_metadata(tmp_path / "folder" / ROWS).num_rows == 1
    huggingface.write(tmp_path / "folder", make_table(random_arrays(2)), overwrite=True)
    assert reader.read_metadata(tmp_path / "folder" / ROWS).num_rows == 2


@pytest.mark.parametrize("name", ["notes.txt", ".git/config", "data/test-00000-of-00001.parquet"])
@pytest.mark.parametrize("is_whole", [True, False])
def test_a_folder_with_something_else_in_it_is_never_replaced(tmp_path, name, is_whole):
    folder = tmp_path / "folder"
    if is_whole:
        huggingface.write(folder, make_table(random_arrays(1)))
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("mine")

    with pytest.raises(StorageError, match="with something else in it"):
        huggingface.write(folder, make_table(random_arrays(1)), overwrite=True)
    assert (folder / name).read_text() == "mine"


def test_a_file_is_never_replaced(tmp_path):
    (tmp_path / "folder").write_text("mine")

    with pytest.raises(StorageError, match="is a file: name a folder"):
        huggingface.write(tmp_path / "folder", make_table(random_arrays(1)), overwrite=True)
    assert (tmp_path / "folder").read_text() == "mine"


def test_clips_cut_otherwise_are_refused_and_nothing_is_left(tmp_path):
    with pytest.raises(SettingError, match=r"ü1\.wav gives segments of 2 x 4"):
        huggingface.write(tmp_path / "folder", make_table([np.ones((1, 2, 3)), np.ones((1, 2, 4))]))
    assert list(tmp_path.iterdir()) == []
