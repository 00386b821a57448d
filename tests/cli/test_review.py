import csv
import json
import threading
import urllib.request
from types import SimpleNamespace

import pytest

from earmark.audit.decisions import Decision, write_decisions
from earmark.serve.loopback import Loopback


@pytest.fixture
def here(tmp_path, monkeypatch, sounds):
    """A folder with a data set and an audit of it, in which the command is called."""
    sounds.folder({"dog": 3, "rain": 3}, seconds=0.2)
    findings = [
        {
            "kind": "label",
            "severity": "warning",
            "clips": ["dog/dog0.wav"],
            "score": 0.9,
            "message": "sounds like rain",
        },
        {"kind": "quiet", "severity": "note", "clips": ["rain/rain1.wav"], "score": 0.5, "message": "is quiet"},
    ]
    (tmp_path / "audit.json").write_text(json.dumps({"schema": "earmark-audit/1", "findings": findings}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def person(monkeypatch):
    """Do on the page what a person does, given as what is posted; then finish."""
    opened = []

    def sit(*posts):
        serve = Loopback.serve

        def served(server):
            opened.append(server.address)
            thread = threading.Thread(target=lambda: [post(server, *what) for what in (*posts, ("finish", {}))])
            thread.start()
            serve(server)
            thread.join()

        monkeypatch.setattr(Loopback, "serve", served)

    def post(server, path, body):
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(server.address + path, json.dumps(body).encode(), headers)  # noqa: S310 - ours
        with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310 - as above
            reply.read()

    sit.opened = opened
    return sit


DROP = ("decide", {"place": 0, "action": "drop"})


def rows(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.slow
def test_a_review_leaves_a_table_beside_the_data_and_says_how_it_stands(earmark, here, person):
    person(DROP)
    answer = earmark("review", "sounds", "--from", "audit.json", "--no-browser", "--json")

    assert answer.status == 0
    assert json.loads(answer.out) == {
        "table": "sounds.review.csv",
        "n_clips": 2,
        "n_decided": 1,
        "n_kept": 0,
        "n_relabelled": 0,
        "n_dropped": 1,
    }
    assert [row["name"] for row in rows(here / "sounds.review.csv")] == ["dog/dog0.wav"]
    assert any(person.opened[0] in line for line in answer.told)
    assert "2 clips to hear, worst first; 0 are decided" in answer.told[0]
    assert sorted(path.name for path in here.iterdir()) == ["audit.json", "sounds", "sounds.review.csv"]


@pytest.mark.slow
def test_without_an_audit_the_sounds_are_audited(earmark, here, person, sounds):
    sounds.write("sounds/dog/dog9.wav", kind="silence")
    person(DROP)
    answer = earmark("review", "sounds", "--no-browser", "--kind", "silent")
    assert (answer.status, answer.out) == (0, "sounds.review.csv\n")
    assert [row["name"] for row in rows(here / "sounds.review.csv")] == ["dog/dog9.wav"]


@pytest.mark.slow
def test_only_clips_with_findings_of_a_kind_are_shown(earmark, here, person):
    person(DROP)
    earmark("review", "sounds", "--from", "audit.json", "--no-browser", "--kind", "quiet", "-o", "quiet.csv")
    assert [row["name"] for row in rows(here / "quiet.csv")] == ["rain/rain1.wav"]


def test_a_table_of_clips_has_its_decisions_beside_it(earmark, here, person):
    (here / "clips.csv").write_text("path,label\nsounds/dog/dog0.wav,dog\nsounds/rain/rain0.wav,rain\n")
    audit = (here / "audit.json").read_text().replace("dog/dog0", "sounds/dog/dog0")
    (here / "audit.json").write_text(audit)
    person(DROP)
    answer = earmark("review", "clips.csv", "--from", "audit.json", "--no-browser")
    assert answer.out == "clips.review.csv\n"
    assert "note: 1 clips of the findings are not in the data set: rain/rain1.wav" in answer.told


def test_ctrl_c_is_how_it_ends_and_no_fault(earmark, here, monkeypatch):
    def interrupted(server):
        raise KeyboardInterrupt

    monkeypatch.setattr(Loopback, "serve", interrupted)
    answer = earmark("review", "sounds", "--from", "audit.json", "--no-browser")
    assert (answer.status, answer.out) == (0, "")
    assert answer.told[-1] == "0 of 2 suspicious clips are decided"


def test_nothing_suspicious_opens_no_page(earmark, here, person):
    (here / "audit.json").write_text(json.dumps({"schema": "earmark-audit/1", "findings": []}))
    person()
    answer = earmark("review", "sounds", "--from", "audit.json")
    assert (answer.status, answer.told) == (0, ["no clip is suspicious"])
    assert person.opened == []


@pytest.mark.slow
@pytest.mark.parametrize(("variable", "expected"), [("DISPLAY", 1), (None, 0)])
def test_the_browser_is_opened_where_there_is_a_display(earmark, here, person, monkeypatch, variable, expected):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, ":0")
    person()
    earmark("review", "sounds", "--from", "audit.json")
    assert opened == person.opened[:expected]


# ---------------------------------------------------------------- carrying out, comparing


@pytest.fixture
def decided(here):
    made = [
        Decision(name="dog/dog0.wav", action="drop", label="dog"),
        Decision(name="dog/dog1.wav", action="relabel", label="dog", new_label="rain"),
        Decision(name="dog/gone.wav", action="drop", label="dog"),
    ]
    write_decisions(here / "sounds.review.csv", made)
    return here


def test_decisions_are_carried_out_into_a_table_that_can_be_trained_on(earmark, decided):
    before = {path: path.read_bytes() for path in (decided / "sounds").rglob("*.wav")}
    answer = earmark("review", "sounds", "--apply", "clean.csv", "--json")

    assert answer.status == 0
    assert json.loads(answer.out) == {
        "table": "clean.csv",
        "n_clips": 5,
        "dropped": ["dog/dog0.wav"],
        "relabelled": ["dog/dog1.wav"],
        "kept": [],
        "not_carried_out": ["dog/gone.wav"],
    }
    assert any("1 decision was not carried out" in line for line in answer.told)
    assert {row["path"]: row["label"] for row in rows(decided / "clean.csv")} == {
        "sounds/dog/dog1.wav": "rain",
        "sounds/dog/dog2.wav": "dog",
        **{f"sounds/rain/rain{number}.wav": "rain" for number in range(3)},
    }
    assert {path: path.read_bytes() for path in (decided / "sounds").rglob("*.wav")} == before
    assert earmark("review", "clean.csv", "-o", "sounds.review.csv", "--apply", "again.csv").status == 0


def test_two_tables_are_compared(earmark, decided):
    write_decisions(decided / "other.csv", [Decision(name="dog/dog0.wav", action="keep")])
    answer = earmark("review", "sounds", "--diff", "other.csv")
    assert answer.out.splitlines() == [
        "dog/dog0.wav: drop -> keep",
        "dog/dog1.wav: relabel to rain -> nothing",
        "dog/gone.wav: drop -> nothing",
    ]
    assert "3 clips are decided in another way in other.csv than in sounds.review.csv" in answer.told
    assert json.loads(earmark("review", "sounds", "--diff", "other.csv", "--json").out)[0] == {
        "clip": "dog/dog0.wav",
        "before": "drop",
        "after": "keep",
    }
    same = earmark("review", "sounds", "--diff", "sounds.review.csv")
    assert (same.status, same.out) == (0, "")


# ---------------------------------------------------------------- what cannot be


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("-o", "sounds/d.csv"), "never put among the sounds"),
        (("--apply", "sounds/clean.csv"), "never put among the sounds"),
        (("--apply", "clean.tsv"), "such as clean.csv"),
        (("--apply", "sounds.review.csv", "--overwrite"), "would replace what it is made of"),
        (("--apply", "audit.csv"), "--overwrite replaces it"),
        (("--apply", "a.csv", "--diff", "b.csv"), "give one of them"),
        (("--diff", "none.csv"), "there is no table of decisions none.csv"),
        (("-o", "none.csv", "--apply", "clean.csv"), "there is no table of decisions none.csv"),
        (("--from", "none.json"), "none.json cannot be read: no such file"),
        (("--from", "audit.csv"), "audit.csv is no JSON"),
        (("--from", "list.json"), "list.json is no audit"),
        (("--from", "deep.json"), "brackets within brackets"),
        (("--from", "audit.json", "--split", "each-group"), "leave --split and --test-fold out"),
        (("--test-fold", "1", "--apply", "clean.csv"), "leave --split and --test-fold out"),
        (("--split", "published"), "comes with no parts"),
        (("--group-tag", "artist", "--group-pattern", "x"), "the group comes from one place"),
        (("--from", "audit.json", "--kind", "lable"), "did you mean 'label'"),
        (("--from", "audit.json", "--port", "99999"), "there is no port 99999"),
        (("--from", "audit.json", "-o", "audit.csv"), "audit.csv is no table of decisions"),
    ],
)
def test_what_cannot_be_is_one_line_and_writes_nothing(earmark, decided, person, options, told):
    (decided / "audit.csv").write_text("path,label\na.wav,dog\n")
    (decided / "deep.json").write_text("[" * 100_000)
    (decided / "list.json").write_text('{"findings": []}')
    before = {path: path.read_bytes() for path in decided.rglob("*") if path.is_file()}
    person()
    answer = earmark("review", "sounds", *options, "--no-browser")
    assert answer.status == 2
    assert len(answer.told) == 1
    assert told in answer.told[0]
    assert {path: path.read_bytes() for path in decided.rglob("*") if path.is_file()} == before


def test_inside_the_data_set_there_is_no_default_place(earmark, here, monkeypatch):
    monkeypatch.chdir(here / "sounds")
    answer = earmark("review", ".", "--from", "../audit.json", "--no-browser")
    assert answer.status == 2
    assert "name a place elsewhere (-o)" in answer.told[0]


def test_the_split_that_is_asked_for_is_the_one_that_is_audited(earmark, here, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "earmark.audit.audit.audit_dataset",
        lambda dataset, *, split, **_: asked.append(split) or SimpleNamespace(findings=()),
    )
    parts = {"dog/dog0": "train", "dog/dog1": "validation", "rain/rain0": "train", "rain/rain1": "test"}
    rows = "\n".join(f"{name}.wav,{part}" for name, part in parts.items())
    (here / "split.csv").write_text(f"path,part\n{rows}\n")
    assert earmark("review", "sounds", "--split", "split.csv", "--no-browser").status == 0
    assert earmark("review", "sounds", "--no-browser").status == 0
    assert [len(asked[0].train), len(asked[0].validation), len(asked[0].test), asked[1]] == [2, 1, 1, None]
