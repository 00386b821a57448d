import json
import shutil

import pytest

from earmark.errors import SettingError, StorageError
from earmark.report.card import known_source, make_card, render_card, write_card
from earmark.report.fold_results import read_any_results
from earmark.report.results import read_results

yaml = pytest.importorskip("yaml", reason="PyYAML reads what a model hub would read")


def head_of(card):
    _, head, body = card.split("---\n", 2)
    return yaml.safe_load(head), body


def test_the_head_is_what_a_model_hub_reads(small_run):
    head, body = head_of(write_card(small_run).read_text(encoding="utf-8"))
    assert head["license"] == "unknown"
    assert head["pipeline_tag"] == "audio-classification"
    (model,) = head["model-index"]
    values = {each["type"]: each["value"] for each in model["results"][0]["metrics"]}
    card = read_results(small_run).scorecard
    assert values["accuracy"] == pytest.approx(card.clip.accuracy.value)
    assert values["f1"] == pytest.approx(card.clip.macro_f1.value, abs=1e-5)
    assert body.lstrip().startswith("<!-- written by earmark report -->")


@pytest.mark.parametrize("name", ["a: b", "{x}", "- [", '"', "Über #1", "null", "<script>"])
def test_names_of_any_kind_leave_head_and_table_whole(runs, tmp_path, name):
    labels = (f"{name} | one", name)
    items = [runs.Item(f"{n}.wav", label, f"{n}", "test", runs.sure(labels, label)) for n, label in enumerate(labels)]
    folder = runs.write(tmp_path / "run", items, data_path=tmp_path / name, labels=labels, network="cnn")
    text = render_card(read_results(folder))
    head, body = head_of(text)
    assert head["model-index"][0]["results"][0]["dataset"]["name"] == name
    assert "<script>" not in body.replace("\\<script\\>", "")
    rows = [line for line in body.splitlines() if line.startswith("| ")]
    assert len({line.replace("\\|", "").count("|") for line in rows}) == 1


def test_nothing_is_claimed_that_is_not_known(small_run):
    card = make_card(read_results(small_run))
    assert card.licence.startswith("not known")
    assert (card.citation, card.about) == ("", None)
    assert "License of the model: unknown" in render_card(read_results(small_run))


def test_a_published_data_set_brings_its_licence(shared_data, runs, tmp_path):
    items = [runs.Item("a.wav", "dog", "g", "test", runs.sure(("dog", "rain"), "dog"))]
    run = runs.write(tmp_path / "run", items, data_path=shared_data / "esc10", labels=("dog", "rain"))
    card = make_card(read_results(run))
    assert card.about.title == "ESC-10"
    assert "CC BY" in card.licence


def test_a_place_that_is_gone_or_is_a_file_is_no_known_data_set(tmp_path):
    (tmp_path / "a.csv").write_text("path,label\n")
    assert known_source(tmp_path / "gone") is None
    assert known_source(tmp_path / "a.csv") is None


def test_a_cross_validation_says_that_it_is_several(crossval):
    text = render_card(read_any_results(crossval))
    assert "2 classifiers, one a fold" in text
    assert "earmark crossval --config config.toml" in text


def test_what_is_there_and_is_none_of_ours_stays(small_run):
    (small_run / "card.md").write_text("# mine")
    with pytest.raises(StorageError, match="no card of earmark"):
        write_card(small_run)
    assert (small_run / "card.md").read_text() == "# mine"
    (small_run / "card.md").unlink()
    first = write_card(small_run).read_bytes()
    assert write_card(small_run).read_bytes() == first


def test_a_comparison_is_no_model(comparison):
    with pytest.raises(SettingError, match="a card is of one model"):
        write_card(comparison)
    assert write_card(comparison / "cnn").exists()


def test_no_place_of_this_machine_is_in_the_card(small_run, tmp_path):
    shutil.rmtree(tmp_path / "sounds")
    assert str(tmp_path) not in write_card(small_run).read_text()
    assert json.dumps(str(tmp_path)) not in write_card(small_run).read_text()
