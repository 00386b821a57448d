"""The page of a review: what it answers, and what happens to it in a real browser."""

import csv
import json
import re
import signal

import pytest

from earmark.audit.decisions import DecisionTable, read_decisions
from earmark.audit.findings import clip_address
from earmark.data.open import open_dataset
from earmark.errors import DataError, SettingError
from earmark.serve.loopback import Question
from earmark.serve.queue import line_up
from earmark.serve.review import ReviewPage

NAMES = ("dog/dog0.wav", "rain/rain0.wav", "dog/dog1.wav", "dog/dog2.wav", "rain/rain1.wav")


def finding(*clips, kind="label", severity="warning", score=0.5, message="sounds like rain", advice="listen"):
    return {"kind": kind, "severity": severity, "clips": clips, "score": score, "message": message, "advice": advice}


FINDINGS = [
    finding(NAMES[0], NAMES[1], kind="exact-repeat", severity="error", score=1.0, message="has two labels"),
    finding(NAMES[2], score=0.9),
    finding(NAMES[3], score=0.8, message="<img src=x onerror=alert(1)> sounds like 'rain'"),
    finding(NAMES[4], kind="quiet", severity="note"),
]


@pytest.fixture
def data(sounds):
    return sounds.folder({"dog": 4, "cat": 1, "rain": 4}, seconds=0.4)


@pytest.fixture
def page(data, tmp_path):
    dataset = open_dataset(data)
    queue = line_up(FINDINGS, {clip_address(clip): clip for clip in dataset})
    return ReviewPage(
        queue,
        DecisionTable(tmp_path / "d.csv"),
        labels=dataset.labels,
        draw=lambda waveform, rate: b"png",
        title="sounds",
        table="d.csv",
        next_step="earmark review sounds --apply clean.csv",
    )


def get(page, path):
    return page.answer(Question(method="GET", path=path))


def post(page, path, **body):
    return json.loads(page.answer(Question(method="POST", path=path, body=body)).content)


def state(page):
    return json.loads(get(page, "state").content)


# ---------------------------------------------------------------- what it answers


@pytest.mark.parametrize(
    ("path", "kind"), [("", "text/html"), ("review.css", "text/css"), ("review.js", "text/javascript")]
)
def test_the_page_names_nothing_elsewhere(page, path, kind):
    reply = get(page, path)
    assert reply.kind == f"{kind}; charset=utf-8"
    assert not re.search(rb"https?://|//[a-z]+\.", reply.content)


def test_it_tells_of_every_clip_and_its_findings(page):
    said = state(page)
    assert [suspect["address"] for suspect in said["suspects"]] == list(NAMES)
    assert said["suspects"][0] == {
        "address": NAMES[0],
        "label": "dog",
        "group": "",  # every file is a group of its own: nothing to tell
        "fold": None,
        "findings": [0],
        "decision": None,
    }
    assert said["findings"][0]["suspects"] == [0, 1]
    assert said["labels"] == ["cat", "dog", "rain"]


def test_a_decision_is_on_disk_when_the_answer_comes(page, tmp_path):
    said = post(page, "decide", place=2, action="relabel", new_label=" siren ")
    assert said == {"place": 2, "decision": {"action": "relabel", "new_label": "siren"}}
    (decision,) = read_decisions(tmp_path / "d.csv")
    assert (decision.name, decision.new_label, decision.kinds) == (NAMES[2], "siren", ("label",))
    assert state(page)["labels"] == ["cat", "dog", "rain", "siren"]
    assert state(page)["suspects"][2]["decision"] == said["decision"]


def test_taking_back_says_which_clip_and_what_it_had_before(page):
    post(page, "decide", place=1, action="keep")
    post(page, "decide", place=1, action="drop")
    kept = {"action": "keep", "new_label": ""}
    assert post(page, "undo") == {"place": 1, "address": NAMES[1], "decision": kept}
    assert post(page, "undo") == {"place": 1, "address": NAMES[1], "decision": None}
    with pytest.raises(SettingError, match="no decision to take back"):
        post(page, "undo")


def test_a_clip_that_is_not_in_this_review_can_be_taken_back_too(page, data, tmp_path):
    table = DecisionTable(tmp_path / "d.csv")
    table.decide(next(clip for clip in open_dataset(data) if clip.name == "dog/dog3.wav"), "drop")
    dataset = open_dataset(data)
    queue = line_up(FINDINGS, {clip_address(clip): clip for clip in dataset})
    later = ReviewPage(
        queue, DecisionTable(tmp_path / "d.csv"), labels=(), draw=lambda *_: b"", title="", table="", next_step=""
    )
    assert post(later, "undo") == {"place": None, "address": "dog/dog3.wav", "decision": None}


@pytest.mark.parametrize("place", [-1, 5, "x", None, 1.5, [0], "0; drop"])
def test_a_clip_that_is_not_there_is_refused(page, place, tmp_path):
    with pytest.raises(SettingError, match="there is no clip"):
        post(page, "decide", place=place, action="drop")
    assert not (tmp_path / "d.csv").exists()


@pytest.mark.parametrize(
    "body", [{}, {"action": "delete"}, {"action": "relabel"}, {"action": "relabel", "new_label": "dog"}]
)
def test_a_decision_that_is_none_is_refused(page, body, tmp_path):
    with pytest.raises(SettingError):
        post(page, "decide", place=0, **body)
    assert not (tmp_path / "d.csv").exists()


def test_a_table_that_somebody_broke_meanwhile_is_left_alone(page, tmp_path):
    (tmp_path / "d.csv").write_text("something else\n")
    with pytest.raises(DataError, match="no table of decisions"):
        post(page, "decide", place=0, action="keep")
    assert (tmp_path / "d.csv").read_text() == "something else\n"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(
            ("GET", path)
            for path in ("decide", "undo", "finish", "x", "state/1", "clip/1/2", "../review.js", "review.py")
        ),
        *(("POST", path) for path in ("", "state", "clip/1", "review.js")),
    ],
)
def test_what_is_not_there_is_not_found(page, method, path, tmp_path):
    assert page.answer(Question(method=method, path=path)).status == 404
    assert not (tmp_path / "d.csv").exists()


def test_finishing_is_the_last_answer(page):
    reply = page.answer(Question(method="POST", path="finish"))
    assert reply.is_last


def test_sound_and_picture_of_a_clip(page):
    assert json.loads(get(page, "clip/0").content)["caption"].startswith("0.4 s")
    assert (get(page, "picture/0").content, get(page, "picture/0").kind) == (b"png", "image/png")
    with pytest.raises(SettingError, match="there is no clip"):
        get(page, "clip/99")


# ---------------------------------------------------------------- in a real browser

SHOWN = "document.querySelector('#count')?.innerText.includes(' decided')"
NAME = "document.querySelector('#name').innerText"


@pytest.fixture
def audited(data, tmp_path):
    (tmp_path / "audit.json").write_text(json.dumps({"schema": "earmark-audit/1", "findings": FINDINGS}))
    return data


def decided(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return {row["name"]: row["new_label"] or row["decision"] for row in csv.DictReader(stream)}


def count(browser, n_decided):
    browser.until(f"document.querySelector('#count').innerText === '{n_decided} of 5 decided'")


@pytest.mark.slow
def test_a_person_at_the_keyboard_keeps_relabels_drops_takes_back_and_finishes(browser, sit_down, audited, tmp_path):
    table = tmp_path / "sounds.review.csv"
    sitting = sit_down(audited, "--from", tmp_path / "audit.json")
    browser.open(sitting.address)
    browser.until(f"{SHOWN} && {NAME} === '{NAMES[0]}'")
    assert "exact repeat has two labels" in browser.text("#findings")
    assert NAMES[1] in browser.text("#others")
    browser.until("document.querySelector('#player').currentTime > 0.1")  # it is to be heard, without a key
    browser.until("document.querySelector('#picture').naturalWidth > 0")

    browser.press("1")  # the other one of the pair
    browser.until(f"document.querySelector('#caption').innerText.startsWith('{NAMES[1]}: 0.4 s')")
    browser.press("k")
    count(browser, 1)
    assert decided(table) == {NAMES[0]: "keep"}

    browser.until(f"{NAME} === '{NAMES[1]}'")
    browser.press("d")
    count(browser, 2)
    assert decided(table) == {NAMES[0]: "keep", NAMES[1]: "drop"}

    browser.press("r")
    browser.until("document.querySelector('#relabel').open")
    browser.press("d", "k")  # keys for a label are no decisions
    browser.press("Escape")
    browser.until("!document.querySelector('#relabel').open")
    count(browser, 2)
    browser.press("r")
    browser.until("document.querySelector('#relabel').open")
    browser.press("r", "Enter")
    count(browser, 3)
    assert decided(table)[NAMES[2]] == "rain"

    browser.press("r")
    browser.until("document.querySelector('#relabel').open")
    browser.press(*"siren", "Enter")
    count(browser, 4)
    assert decided(table)[NAMES[3]] == "siren"

    browser.press("u")
    count(browser, 3)
    browser.until(f"{NAME} === '{NAMES[3]}'")
    assert NAMES[3] not in decided(table)
    browser.press("k", "k")
    count(browser, 5)
    browser.until("!document.querySelector('#end').hidden")
    assert "3 kept, 1 relabelled, 1 dropped" in browser.text("#tally")
    assert "--apply clean.csv" in browser.text("#next")

    assert browser.faults() == []
    browser.press("f")
    status, out, err = sitting.end()
    assert (status, out) == (0, "sounds.review.csv\n"), err
    assert "5 of 5 suspicious clips are decided" in err
    assert all(address.startswith((sitting.address, "data:")) for address in browser.asked())


@pytest.mark.slow
def test_what_was_decided_survives_a_crash_and_the_review_goes_on_there(browser, sit_down, audited, tmp_path):
    sitting = sit_down(audited, "--from", tmp_path / "audit.json")
    browser.open(sitting.address)
    browser.until(SHOWN)
    browser.press("d", "k")
    count(browser, 2)
    sitting.kill()
    browser.press("k")
    browser.until("document.querySelector('#status').classList.contains('fault')")
    assert "Not saved" in browser.text("#status")
    count(browser, 2)  # and it does not look as if it were

    again = sit_down(audited, "--from", tmp_path / "audit.json")
    assert again.address != sitting.address
    browser.open(again.address)
    browser.until(f"{SHOWN} && {NAME} === '{NAMES[2]}'")
    count(browser, 2)
    browser.press("ArrowLeft")
    browser.until(f"{NAME} === '{NAMES[1]}'")
    assert browser.text("#decision") == "kept"
    again.process.send_signal(signal.SIGINT)
    status, out, err = again.end()
    assert (status, out) == (0, "sounds.review.csv\n"), err
    assert "Traceback" not in err
    assert decided(tmp_path / "sounds.review.csv") == {NAMES[0]: "drop", NAMES[1]: "keep"}


@pytest.mark.slow
def test_the_mouse_will_do_and_text_of_the_data_set_is_no_page(browser, sit_down, audited, tmp_path):
    sitting = sit_down(audited, "--from", tmp_path / "audit.json", "--kind", "label")
    browser.open(sitting.address)
    browser.until(f"{SHOWN} && {NAME} === '{NAMES[2]}'")
    browser.click("[data-do=drop]")
    browser.until(f"{NAME} === '{NAMES[3]}'")
    browser.press(" ")  # plays, and does not press the button once more
    assert "<img src=x" in browser.text("#findings")
    browser.click("[data-do=relabel]")
    browser.until("document.querySelector('#relabel').open")
    browser.click("#choices li")  # the class that the finding names, though another comes before it by name
    browser.until("!document.querySelector('#end').hidden")
    assert decided(tmp_path / "sounds.review.csv") == {NAMES[2]: "drop", NAMES[3]: "rain"}
    assert browser.faults() == []
    browser.click("#finish")
    assert sitting.end()[0] == 0


@pytest.mark.slow
def test_a_clip_that_cannot_be_played_says_why_and_can_be_dropped(browser, sit_down, audited, tmp_path):
    (audited / NAMES[0]).write_bytes(b"no sound")
    sitting = sit_down(audited, "--from", tmp_path / "audit.json")
    browser.open(sitting.address)
    browser.until(f"{SHOWN} && !document.querySelector('#reason').hidden")
    assert browser.text("#reason").startswith("It cannot be played: ")
    assert browser.get("document.querySelector('#player').hidden")
    browser.press("d")
    browser.until(f"{NAME} === '{NAMES[1]}' && !document.querySelector('#player').hidden")
    assert decided(tmp_path / "sounds.review.csv") == {NAMES[0]: "drop"}
    assert browser.faults() == []
