import csv
import json

import numpy as np
import pytest
import soundfile

from earmark.cli.inspect import FOUND

pytestmark = pytest.mark.slow  # each looks at a folder of sounds


@pytest.fixture
def data(sounds):
    """Two classes with a truncated file, a silent one, and one sound twice."""
    folder = sounds.folder({"dog": 4, "rain": 4}, seconds=0.5)
    whole = (folder / "dog/dog0.wav").read_bytes()
    (folder / "dog/cut.wav").write_bytes(whole[:3000])
    (folder / "rain/again.wav").write_bytes(whole)
    soundfile.write(folder / "rain/silent.wav", np.zeros(11025), 22050)
    return folder


def test_stdout_has_the_table_and_stderr_the_sentence(earmark, data):
    answer = earmark("inspect", data, "--quick")
    assert answer.status == 0
    assert answer.out.startswith("sounds: 11 clips")
    assert "error: truncated (1)\n  dog/cut.wav: the file is truncated" in answer.out
    assert "error: exact-repeat (1)" in answer.out
    assert "  -> " in answer.out
    assert any("11 clips looked at: 3 errors" in line for line in answer.told)


def test_json_is_all_there_is_on_stdout(earmark, data):
    answer = earmark("inspect", data, "--quick", "--json")
    told = json.loads(answer.out)
    assert list(told) == ["schema", "summary", "findings"]
    assert (told["summary"]["n_clips"], told["summary"]["n_unusable"]) == (11, 1)
    assert {"truncated", "silent", "exact-repeat"} <= {finding["kind"] for finding in told["findings"]}


def test_a_full_audit_ends_well(earmark, data):
    told = json.loads(earmark("inspect", data, "--json").out)
    assert told["schema"] == "earmark-audit/1"


@pytest.mark.parametrize(("level", "status"), [(None, 0), ("error", FOUND), ("warning", FOUND)])
def test_a_script_can_stop_at_findings(earmark, data, level, status):
    assert earmark("inspect", data, "--quick", *(["--fail-on", level] if level else [])).status == status


def test_warnings_alone_do_not_stop_a_script_that_minds_errors(earmark, sounds):
    folder = sounds.folder({"dog": 3, "rain": 3}, seconds=0.5)
    soundfile.write(folder / "dog/faint.wav", 0.003 * np.random.default_rng(0).uniform(-1, 1, 11025), 22050)
    assert earmark("inspect", folder, "--quick", "--fail-on", "error").status == 0
    assert earmark("inspect", folder, "--quick", "--fail-on", "warning").status == FOUND


def test_a_clean_table_and_a_page_are_written_and_the_sounds_left_alone(earmark, data, tmp_path):
    before = {path: path.read_bytes() for path in data.rglob("*.wav")}
    answer = earmark("inspect", data, "--quick", "--write-table", tmp_path / "clean.csv", "-o", tmp_path / "page.html")
    assert answer.status == 0
    with (tmp_path / "clean.csv").open(newline="") as stream:
        kept = {row["path"] for row in csv.DictReader(stream)}
    assert kept == {f"sounds/{label}/{label}{n}.wav" for label in ("dog", "rain") for n in range(4)} - {
        "sounds/dog/dog0.wav"
    }
    page = (tmp_path / "page.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "dog/<wbr>cut.wav" in page
    assert {path: path.read_bytes() for path in data.rglob("*.wav")} == before
    again = earmark("inspect", tmp_path / "clean.csv", "--quick", "--fail-on", "error")
    assert again.status == 0


@pytest.mark.parametrize(
    ("option", "name"), [("-o", "page.html"), ("--write-table", "clean.csv"), ("--write-table", "clean.left-out.csv")]
)
def test_what_is_there_is_not_replaced_and_said_before_anything_is_read(earmark, data, tmp_path, option, name):
    (tmp_path / name).write_text("mine")
    answer = earmark("inspect", data, option, tmp_path / name.replace(".left-out", ""))
    assert (answer.status, answer.out) == (2, "")
    assert "is there already" in answer.err
    assert (tmp_path / name).read_text() == "mine"


def test_sounds_without_labels_are_looked_at(earmark, sounds):
    sounds.write("mix/a.wav", seconds=0.5)
    sounds.write("mix/b.wav", seconds=0.5, kind="silence")
    answer = earmark("inspect", sounds.root / "mix", "--json", "--fail-on", "error")
    told = json.loads(answer.out)
    assert (answer.status, told["summary"]["n_classes"]) == (FOUND, 0)
    assert any("no labels" in note for note in told["summary"]["notes"])


def test_a_table_whose_groups_contradict_its_folds_is_told_of(earmark, sounds):
    rows = ["path,label,group,fold"]
    for number in range(6):
        sounds.write(f"{number}.wav", seconds=0.3, frequency_hz=200 + 90 * number, seed=number)
        rows.append(f"{number}.wav,{'ab'[number % 2]},g{number // 3},{1 + number % 2}")
    (sounds.root / "t.csv").write_text("\n".join(rows) + "\n")
    told = json.loads(earmark("inspect", sounds.root / "t.csv", "--quick", "--json").out)
    assert any(finding["kind"] == "leak" and finding["severity"] == "error" for finding in told["findings"])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--fail-on", "notes"], "--fail-on takes error or warning, not 'notes'"),
        (["-o", "page.txt"], "the page is an .html file"),
        (["--write-table", "clean.xlsx"], ".csv file"),
        (["--workers", "0"], "n_workers must be at least 1"),
        (["--seed", "-1"], "--seed must be a whole number from 0, not -1"),
        (["--group-tag", "artist", "--group-pattern", "x"], "the group comes from one place"),
        (["--test-fold", "1"], "fold"),
        (["--split", "published"], "comes with no parts"),
    ],
)
def test_mistakes_are_one_line(earmark, data, arguments, line):
    answer = earmark("inspect", data, *arguments)
    assert (answer.status, answer.out) == (2, "")
    assert len(answer.told) == 1
    assert line in answer.err


def test_what_is_not_there_is_one_line(earmark, tmp_path):
    answer = earmark("inspect", tmp_path / "nowhere")
    assert answer.status == 2
    assert "there is no" in answer.err


def test_a_clean_table_replaces_neither_the_table_it_is_made_of_nor_lies_among_the_sounds(earmark, sounds):
    folder = sounds.folder({"dog": 2, "rain": 2}, seconds=0.2)
    table = sounds.root / "t.left-out.csv"
    table.write_text(
        "path,label\n" + "".join(f"{p.relative_to(sounds.root)},{p.parent.name}\n" for p in folder.rglob("*.wav"))
    )
    before = table.read_text()
    for data, target in ((table, table), (table, sounds.root / "t.csv"), (folder, folder / "clean.csv")):
        answer = earmark("inspect", data, "--quick", "--write-table", target, "--overwrite")
        assert (answer.status, len(answer.told)) == (2, 1)
    assert table.read_text() == before
    assert not (folder / "clean.csv").exists()


@pytest.mark.parametrize("way", ["the same", "upwards", "link", "of the folder", "split", "left out"])
def test_no_way_of_writing_it_makes_a_clean_table_replace_what_it_is_made_of(earmark, sounds, way):
    folder = sounds.folder({"dog": 2, "rain": 2}, seconds=0.2)
    table = sounds.root / "tables" / "t.csv"
    table.parent.mkdir()
    names = [f"../{place.relative_to(sounds.root)}" for place in sorted(folder.rglob("*.wav"))]
    table.write_text(
        "path,label,part\n"
        + "".join(f"{n},{n.split('/')[2]},{p}\n" for n, p in zip(names, ("train", "test") * 2, strict=True))
    )
    split = sounds.root / "s.csv"
    split.write_text(table.read_text().replace("../", ""))
    (sounds.root / "link").symlink_to(table.parent)
    data, target, more = table, table, ()
    if way == "upwards":
        target = table.parent / ".." / "tables" / "t.csv"
    elif way == "link":
        target = sounds.root / "link" / "t.csv"
    elif way == "of the folder":
        data = table.parent
    elif way == "split":
        target, more = split, ("--split", split)
    elif way == "left out":
        data, target = table.rename(table.with_name("c.left-out.csv")), table.with_name("c.csv")
    before = {place: place.read_bytes() for place in sounds.root.rglob("*.csv")}

    answer = earmark("inspect", data, "--quick", "--write-table", target, "--overwrite", *more)

    assert (answer.status, len(answer.told)) == (2, 1)
    assert {place: place.read_bytes() for place in sounds.root.rglob("*.csv")} == before


def test_clips_without_a_label_are_named_and_the_rest_is_looked_at(earmark, sounds):
    folder = sounds.folder({"dog": 2, "rain": 2}, seconds=0.2)
    table = sounds.root / "t.csv"
    rows = [
        f"{p.relative_to(sounds.root)},{'' if p.stem == 'dog1' else p.parent.name}"
        for p in sorted(folder.rglob("*.wav"))
    ]
    table.write_text("\n".join(["path,label", *rows, ""]))

    answer = earmark("inspect", table, "--quick")

    assert answer.status == 0
    assert "1 clip without a label left out: sounds/dog/dog1.wav" in answer.out
    assert answer.out.startswith("t.csv: 3 clips")


def test_repeats_on_two_sides_of_the_split_that_is_given_are_errors(earmark, data, tmp_path):
    rows = [f"{path.relative_to(data).as_posix()},train" for path in sorted(data.rglob("dog?.wav"))]
    rows += [f"rain/rain{number}.wav,{part}" for number, part in enumerate(("train", "validation", "test", "test"))]
    (data / "rain/rain3.wav").write_bytes((data / "rain/rain0.wav").read_bytes())
    (tmp_path / "split.csv").write_text("path,part\n" + "\n".join([*rows, "dog/cut.wav,test"]) + "\n")
    loose = earmark("inspect", data, "--quick")
    assert "parts of the split" not in loose.out
    answer = earmark("inspect", data, "--quick", "--split", tmp_path / "split.csv")
    assert "in the train and test parts of the split: rain/rain0.wav and rain/rain3.wav" in answer.out
