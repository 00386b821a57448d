import base64
import hashlib
import json
import re
import shutil
from html.parser import HTMLParser

import pytest

from earmark.errors import StorageError
from earmark.report.build import write_report

SCRIPT = "<script>alert('x')</script>"
EMPTY_ELEMENTS = {"meta", "link", "img", "br", "wbr", "line", "path"}


class Page(HTMLParser):
    """Reads a page: its elements, their attributes, and its text; refuses what is not closed in order."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.text, self.open = [], "", []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in EMPTY_ELEMENTS:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):  # of SVG
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(run):
    return Page(write_report(run).read_text(encoding="utf-8"))


def many(runs, labels, *, n=3, wrong=0):
    """Return clips of many classes, the first `wrong` of the test part taken for another class."""
    items = []
    for index, label in enumerate(labels):
        for number in range(n):
            part = ("train", "validation", "test")[min(number, 2)]
            said = labels[(index + 1) % len(labels)] if index < wrong else label
            probabilities = runs.sure(labels, said, 0.6 + 0.3 * index / len(labels))
            items.append(runs.Item(f"{label}/{number}.wav", label, f"{label}{number}", part, probabilities))
    return items


def test_the_report_lies_in_the_run_folder(small_run):
    assert write_report(str(small_run)) == small_run / "report.html"


def test_nothing_in_the_page_leads_out_of_it(small_run):
    html = write_report(small_run).read_text(encoding="utf-8")
    assert "://" not in html
    assert "url(" not in html
    assert "@import" not in html
    page = Page(html)
    addresses = [value for _, each in page.elements for name, value in each.items() if name in {"src", "href"}]
    assert addresses
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert page.all("script") == [{}]


def test_the_page_forbids_itself_to_load_anything_and_runs_one_script_alone(small_run):
    html = write_report(small_run).read_text(encoding="utf-8")
    policy = next(each["content"] for each in Page(html).all("meta") if "http-equiv" in each)
    assert policy.startswith("default-src 'none'")
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert not any(name.startswith("on") for _, each in Page(html).elements for name in each)


def test_every_part_of_a_healthy_run_is_made(small_run):
    assert "could not be made" not in write_report(small_run).read_text(encoding="utf-8")


@pytest.mark.slow
def test_all_parts_are_there_and_linked(small_run):
    page = page_of(small_run)
    ids = {each["id"] for _, each in page.elements if "id" in each}
    links = {each["href"][1:] for each in page.all("a")}
    parts = {"scores", "training", "confusion", "mistakes", "hits", "reliability", "classes", "groups", "measures"}
    assert {"main", "data", "making", "card", "words"} | parts <= links
    assert links <= ids
    labels = {each["aria-labelledby"] for _, each in page.elements if "aria-labelledby" in each}
    assert labels <= ids


def test_the_page_can_be_walked_without_seeing_it(small_run):
    page = page_of(small_run)
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("nav")) == 1
    assert all("scope" in each for each in page.all("th"))
    assert all(each.get("alt") for each in page.all("img"))
    assert all(each.get("aria-label") for each in page.all("audio"))
    assert all("role" in each or each.get("aria-hidden") for each in page.all("svg") if "width" not in each)
    assert page.all("html")[0]["lang"] == "en"


def test_the_verdict_opens_the_page(small_run):
    text = " ".join(page_of(small_run).text.split())
    assert "50.0 % of 2 clips are right" in text
    assert "no group is on two sides" in text
    assert text.index("are right") < text.index("Macro F1")


@pytest.mark.slow
def test_the_worst_mistakes_come_with_players_in_order(runs, tmp_path, sounds):
    labels = ("dog", "owl", "rain")
    data = sounds.folder(dict.fromkeys(labels, 2))
    sureness = {"dog/dog0.wav": 0.6, "dog/dog1.wav": 0.95, "owl/owl0.wav": 0.8}
    items = [
        runs.Item(name, name[:3], name, "test", runs.sure(labels, "rain", sure)) for name, sure in sureness.items()
    ]
    items.append(runs.Item("rain/rain0.wav", "rain", "r", "test", runs.sure(labels, "rain", 0.99)))
    page = page_of(runs.write(tmp_path / "run", items, data_path=data))
    played = [each["aria-label"].split(",")[0] for each in page.all("audio")]
    assert played == ["dog/dog1.wav", "owl/owl0.wav", "dog/dog0.wav", "rain/rain0.wav"]  # the last one is right
    assert all(each["src"].startswith("data:audio/mpeg;base64,") for each in page.all("audio"))
    assert all(each["preload"] == "none" and "controls" in each for each in page.all("audio"))
    assert "The 3 wrong clips" in page.text


@pytest.mark.slow
def test_twelve_mistakes_are_shown_of_many(runs, tmp_path):
    labels = [f"class{index:02}" for index in range(20)]
    page = page_of(runs.write(tmp_path / "run", many(runs, labels, wrong=17), data_path="/nowhere/data"))
    assert "The 12 of 17 wrong clips" in page.text
    assert "5 wrong clips more" in page.text
    assert page.text.count("cannot be read now") == 12 + 5 + 3  # and the right ones
    shown = page.text[page.text.index("the surest mistake first") :]
    assert shown.index("class16/2.wav") < shown.index("class05/2.wav")


def test_no_mistake_is_good_news(runs, tmp_path):
    labels = ("dog", "rain")
    page = page_of(runs.write(tmp_path / "run", many(runs, labels), data_path="/nowhere/data"))
    assert "no clip of the test part is wrong" in page.text
    assert len(page.all("audio")) == 0


def test_a_report_is_made_when_the_sounds_are_gone(small_run, tmp_path):
    shutil.rmtree(tmp_path / "sounds")
    page = page_of(small_run)
    assert "The sound cannot be read now: there is no such file." in page.text
    assert not page.all("audio")


def test_a_run_on_features_says_that_there_is_nothing_to_play(runs, tmp_path):
    labels = ("dog", "rain")
    (tmp_path / "data.json").write_text("{}")
    page = page_of(runs.write(tmp_path / "run", many(runs, labels, wrong=1), data_path=tmp_path / "data.json"))
    assert "There is no sound to play: the data are features or pictures." in page.text
    assert not page.all("audio")


def test_one_broken_sound_leaves_the_other_players(runs, tmp_path, sounds):
    labels = ("dog", "rain")
    data = sounds.folder({"dog": 2, "rain": 1})
    (data / "dog/dog0.wav").write_bytes(b"oops")
    items = [runs.Item(f"dog/dog{n}.wav", "dog", f"{n}", "test", runs.sure(labels, "rain")) for n in range(2)]
    page = page_of(runs.write(tmp_path / "run", items, data_path=data, labels=labels))
    assert len(page.all("audio")) == 1
    assert "this is text, not sound" in page.text


def test_what_users_wrote_stays_text(runs, tmp_path, sounds):
    label, file = SCRIPT.replace("/", ""), f'{SCRIPT.replace("/", "")}"onload=1.wav'
    data = sounds.folder({"rain": 1})
    (data / label).mkdir()
    shutil.copy(data / "rain/rain0.wav", data / label / file)
    labels = (label, "rain")
    items = [runs.Item(f"{label}/{file}", label, SCRIPT, "test", runs.sure(labels, "rain"))]
    run = runs.write(
        tmp_path / SCRIPT.replace("/", ""),
        items,
        data_path=data,
        labels=labels,
        sounds=[(f"{label}/{file}", "", SCRIPT), (SCRIPT, "key", "silent")],
        platform=SCRIPT,
    )
    html = write_report(run).read_text(encoding="utf-8")
    assert html.count("<script") == 1
    page = Page(html)
    assert len(page.all("audio")) == 1
    assert page.text.count("<script>") >= 8
    assert not any("onload" in name for _, each in page.elements for name in each)


def test_an_unfinished_run_has_no_report(small_run):
    (small_run / "scorecard.json").unlink()
    with pytest.raises(StorageError, match="not finished"):
        write_report(small_run)
    assert not (small_run / "report.html").exists()


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(StorageError, match="not a run folder"):
        write_report(tmp_path)


def test_the_same_run_gives_the_same_bytes(small_run):
    first = write_report(small_run).read_bytes()
    assert write_report(small_run).read_bytes() == first


def test_a_history_of_one_epoch_is_drawn(runs, tmp_path):
    items = many(runs, ("dog", "rain"))
    page = page_of(
        runs.write(tmp_path / "run", items, data_path="/nowhere", history=runs.epochs(1, best=1), best_epoch=1)
    )
    assert sum("over 1 epochs" in each.get("aria-label", "") for each in page.all("svg")) == 2
    assert "1 epoch; the weights of epoch 1" in page.text


def test_what_is_not_trained_in_epochs_says_so(runs, tmp_path):
    run = runs.write(
        tmp_path / "run", many(runs, ("dog", "rain")), data_path="/nowhere", history=[], network="svm", best_epoch=0
    )
    assert "is not trained in epochs" in page_of(run).text


@pytest.mark.slow
def test_fifty_classes_fit_into_a_small_page(runs, tmp_path):
    labels = [f"class_{index:02}" for index in range(50)]
    page = page_of(runs.write(tmp_path / "run", many(runs, labels, wrong=20), data_path="/nowhere"))
    assert len([each for each in page.all("td") if each.get("class", "").startswith(("hit", "miss"))]) == 50
    assert (tmp_path / "run/report.html").stat().st_size < 300_000


@pytest.mark.slow
def test_a_page_with_all_its_players_can_be_sent_by_mail(runs, tmp_path, sounds):
    labels = ("dog", "rain")
    items = [
        runs.Item(f"dog/{n}.wav", "dog", f"{n}", "test", runs.sure(labels, "rain", 0.9 - n / 100)) for n in range(14)
    ]
    for item in items:
        sounds.write(f"data/{item.name}", seconds=8.0, kind="noise")
    sounds.write("data/rain/0.wav")
    run = runs.write(tmp_path / "run", items, data_path=tmp_path / "data", labels=labels)
    assert len(page_of(run).all("audio")) == 14
    assert (run / "report.html").stat().st_size < 1_400_000


def test_bad_and_silent_files_are_named(runs, tmp_path):
    items = many(runs, ("dog", "rain"))
    rows = [("dog/0.wav", "key", "silent"), ("jazz.00054.wav", "", "this is text, not sound")]
    text = page_of(runs.write(tmp_path / "run", items, data_path="/nowhere", sounds=rows)).text
    assert "1 file could not be used" in text
    assert re.search(r"jazz\.00054\.wav\s+this is text, not sound", text)
    assert "1 file without any sound" in text


def test_what_was_left_out_of_the_data_is_told_and_stays_text(runs, tmp_path):
    note = "2 files that are not sound were left out: <b>cover.jpg</b>"
    run = runs.write(tmp_path / "run", many(runs, ("dog", "rain")), data_path="/nowhere", notes=[note])
    page = write_report(run).read_text(encoding="utf-8")

    assert "2 files that are not sound were left out: &lt;b&gt;cover.jpg&lt;/b&gt;" in page
    assert "<b>cover.jpg" not in page


def test_the_page_says_how_to_repeat_the_run_and_not_where_its_writer_lives(small_run, tmp_path):
    html = write_report(small_run).read_text(encoding="utf-8")
    assert "earmark train --config config.toml" in html
    assert "1 min 21 s in all" in html
    assert str(tmp_path) not in html
    assert ".../sounds" in html


def test_an_environment_that_says_little_is_enough(small_run):
    (small_run / "environment.json").write_text("{}", encoding="utf-8")
    assert "How it was made" in page_of(small_run).text


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *(("ink", ground) for ground in ("page", "raised", "hit", "miss", "caution")),
        *(("soft", ground) for ground in ("page", "raised")),
        ("accent", "page"),
        ("wrong", "page"),
    ],
)
def test_every_text_stands_out_from_its_ground(small_run, scheme, text, ground):
    html = write_report(small_run).read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", html.split(":root {")[1 + scheme].split("}")[0]))
    bright, dark = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
    assert (bright + 0.05) / (dark + 0.05) >= 4.5  # WCAG 2.2, AA for text


def test_what_the_checks_of_the_data_found_is_shown_and_long_lists_are_cut(small_run):
    found = [
        {
            "kind": "clipped",
            "severity": "warning",
            "clips": ["dog/dog1.wav"],
            "score": 1.0,
            "message": f"<b>{number}</b>",
        }
        for number in range(25)
    ]
    (small_run / "audit.json").write_text(json.dumps({"findings": found}))
    page = write_report(small_run).read_text(encoding="utf-8")
    assert "warning: &lt;b&gt;19&lt;/b&gt;" in page
    assert "&lt;b&gt;20&lt;/b&gt;" not in page
    assert "and 5 more, in" in page
