import json

import numpy as np
import pytest
import soundfile

from earmark.audio.read import read_sound
from earmark.data.open import open_dataset
from earmark.errors import SettingError, StorageError
from earmark.experiment.explained import (
    check_folder,
    draw_explanation,
    write_explanation,
    write_importances,
    write_profiles,
)
from earmark.experiment.explaining import explain_dataset, explain_sound, importance_of
from earmark.inference.predictor import Predictor

pytestmark = pytest.mark.slow  # each draws


@pytest.fixture(scope="module")
def predictor(trained):
    """The network of the small run."""
    return Predictor.load(trained.folder)


@pytest.fixture(scope="module")
def clip(trained):
    """A clip of the small run."""
    return open_dataset(trained.data)[0]


@pytest.fixture(scope="module")
def written(predictor, clip, tmp_path_factory):
    """An explanation, written."""
    folder = tmp_path_factory.mktemp("why") / "dog"
    explanation = explain_sound(predictor, clip, n_orders=2)
    return folder, explanation, write_explanation(explanation, folder, predictor, clip)


def test_what_is_told_to_be_written_is_there_and_nothing_else(written):
    folder, _, told = written

    assert sorted(told.paths) == sorted(path for path in folder.rglob("*") if path.is_file())
    assert {path.name for path in folder.iterdir()} == {
        *("explanation.json", "relevance.npz", "relevance.png", "kept.wav", "removed.wav", "filters.png", "maps")
    }


def test_the_sounds_are_as_long_as_the_clip_and_add_up_to_it(written, clip):
    folder, _, told = written
    waveform, sample_rate = read_sound(clip.path)
    kept, removed = (soundfile.read(folder / f"{name}.wav") for name in ("kept", "removed"))

    assert kept[1] == removed[1] == sample_rate
    assert len(kept[0]) == len(removed[0]) == len(waveform)
    np.testing.assert_allclose(kept[0] + removed[0], told.heard.gain * waveform, atol=1e-4)


def test_the_numbers_are_those_of_the_explanation(written, clip):
    folder, explanation, _ = written
    value = json.loads((folder / "explanation.json").read_text())
    arrays = np.load(folder / "relevance.npz")

    assert value["path"] == str(clip.path)
    assert value["probability"] == explanation.probability
    assert value["faithfulness"]["random_orders"] == 2
    assert np.array_equal(arrays["relevance"], explanation.relevance)
    assert 0 <= value["heard"]["energy_kept"] <= 1.01


def test_one_layer_can_be_asked_for_and_a_wrong_one_leaves_nothing_behind(predictor, clip, written, tmp_path):
    _, explanation, _ = written

    write_explanation(explanation, tmp_path / "one", predictor, clip, layer="blocks.0")
    with pytest.raises(SettingError, match=r"no layer called 'block.0'.*did you mean 'blocks.0'"):
        write_explanation(explanation, tmp_path / "wrong", predictor, clip, layer="block.0")

    assert [path.name for path in (tmp_path / "one" / "maps").iterdir()] == ["01-blocks.0.png"]
    assert not (tmp_path / "wrong").exists()


def test_statistics_are_drawn_and_not_heard(trained, clip, tmp_path):
    baseline = Predictor.load(trained.result.folder.baseline_path)

    told = write_explanation(explain_sound(baseline, clip, n_orders=1), tmp_path / "svm", baseline, clip)

    assert sorted(path.name for path in told.paths) == ["explanation.json", "relevance.npz", "relevance.png"]
    assert told.notes == ("nothing is written as sound: statistics have neither times nor frequencies",)


def test_nothing_is_written_over_what_is_not_ours(written, predictor, clip, tmp_path):
    _, explanation, _ = written
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")

    with pytest.raises(StorageError, match=r"not an explanation's \(thesis.txt\)"):
        write_explanation(explanation, tmp_path / "mine", predictor, clip, overwrite=True)
    with pytest.raises(StorageError, match="is a file"):
        check_folder(tmp_path / "file", overwrite=True)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "mine"


def test_an_explanation_is_replaced_only_when_asked_for(written, predictor, clip):
    folder, explanation, _ = written

    with pytest.raises(StorageError, match="holds an explanation already"):
        check_folder(folder)
    write_explanation(explanation, folder, predictor, clip, overwrite=True)
    check_folder(folder, overwrite=True)


def test_the_picture_says_which_class_and_how_probable(written):
    _, explanation, _ = written

    figure = draw_explanation(explanation, title="bark.wav", size=(5, 3))

    assert figure.axes[0].get_title(loc="left").startswith("bark.wav: dog")
    assert figure.get_size_inches().tolist() == [5, 3]


def test_profiles_become_pictures_a_table_and_json(trained, predictor, tmp_path):
    profiles = explain_dataset(predictor, open_dataset(trained.data), per_class=1)

    told = write_profiles(profiles, tmp_path / "all", title="sounds")

    names = {path.name for path in told.paths}
    assert names == {"profiles.json", "profiles.csv", "over_frequency.png", "over_time.png"}
    value = json.loads((tmp_path / "all" / "profiles.json").read_text())
    assert len(value["clips"]) == 3
    rows = (tmp_path / "all" / "profiles.csv").read_text().splitlines()
    assert rows[0] == "label,kind,clips,over,place,share"
    assert len(rows) == 1 + len(profiles.profiles) * (13 + 50)


def test_importances_become_a_picture_a_table_and_json(trained, tmp_path):
    baseline = Predictor.load(trained.result.folder.baseline_path)
    importances = importance_of(baseline, open_dataset(trained.data), n_repeats=1)

    write_importances(importances, tmp_path / "svm")

    assert len((tmp_path / "svm" / "importance.csv").read_text().splitlines()) == 21
    assert json.loads((tmp_path / "svm" / "importance.json").read_text())["method"] == "permutation"
    assert (tmp_path / "svm" / "importance.png").is_file()
