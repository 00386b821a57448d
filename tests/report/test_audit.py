import re
from html.parser import HTMLParser

import pytest

from earmark.audit.audit import Audit, quick_audit
from earmark.audit.findings import Finding
from earmark.audit.leaks import YOURS, LeakRow, LeakTable
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.open import open_dataset
from earmark.errors import StorageError
from earmark.evaluate.intervals import Estimate
from earmark.report import audit as page_module
from earmark.report.audit import render_audit, write_audit_page

OPEN_AND_CLOSED = {"section", "ol", "ul", "li", "table", "tr", "details", "div", "main", "nav", "header", "footer"}


class Structure(HTMLParser):
    """Notes tags that are opened and not closed, ids, and addresses."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.addresses, self.faults = [], [], [], []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids += [found["id"]] if "id" in found else []
        self.addresses += [found[name] for name in ("src", "href") if name in found]
        if tag in OPEN_AND_CLOSED:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in OPEN_AND_CLOSED and (not self.open or self.open.pop() != tag):
            self.faults.append(tag)


def structure_of(page):
    parser = Structure()
    parser.feed(page)
    return parser


@pytest.fixture
def data(sounds):
    folder = sounds.folder({"dog": 3, "rain": 3}, seconds=0.4)
    sounds.write("sounds/rain/silent.wav", seconds=0.4, kind="silence")
    (folder / "dog/cut.wav").write_bytes((folder / "dog/dog0.wav").read_bytes()[:2000])
    return open_dataset(folder)


def finding(kind, *clips, message="it is so", severity="warning"):
    return Finding(kind=kind, severity=severity, clips=clips, score=0.75, message=message, advice="look")


def audit_with(data, *findings, leaks=None):
    return Audit(summary=quick_audit(data).summary, findings=findings, groups={}, leaks=leaks)


def test_the_page_is_whole_and_leads_nowhere_outside(data):
    page = render_audit(quick_audit(data), data)
    found = structure_of(page)
    assert (found.open, found.faults) == ([], [])
    assert len(found.ids) == len(set(found.ids))
    assert all(address.startswith(("data:", "#")) for address in found.addresses)
    assert {address[1:] for address in found.addresses if address.startswith("#")} <= set(found.ids)
    assert "http" not in re.sub(r"http-equiv", "", page)
    assert page.startswith("<!doctype html>")


def test_a_clip_that_can_be_read_is_played_and_one_that_cannot_is_not(data):
    own = quick_audit(data).of("truncated", "silent")
    page = render_audit(audit_with(data, *own), data)
    assert page.count("<audio") == 1
    assert 'aria-label="rain/silent.wav, the whole clip, 0.4 s"' in page
    assert "the file is truncated" in page


def test_names_and_labels_are_text_and_no_markup(sounds):
    path = sounds.write("x.wav", seconds=0.2)
    clips = [Clip(name="<b>x</b>.wav", path=path, label="<script>alert(1)</script>", group="a")]
    hostile = Dataset(clips, sounds.root, ("<i>note</i>",))
    audit = audit_with(hostile, finding("quiet", "<b>x</b>.wav", message="<u>quiet</u>"))
    page = render_audit(audit, hostile)
    for markup in ("<script", "<b>x", "<i>note", "<u>"):
        assert markup not in page
    assert "&lt;b&gt;x" in page


def test_a_finding_about_several_clips_plays_the_first_and_names_the_rest(data, monkeypatch):
    monkeypatch.setattr(page_module, "_MOST_CLIPS", 2)
    names = [clip.name for clip in data if "cut" not in clip.name]
    page = render_audit(audit_with(data, finding("band-limited", *names)), data)
    assert page.count("<audio") == 2
    assert f"{len(names) - 2} clips more" in page
    assert all(name.replace("/", "/<wbr>") in page for name in names)


def test_the_page_holds_no_more_players_than_it_can(data, monkeypatch):
    monkeypatch.setattr(page_module, "MOST_PLAYERS", 3)
    names = [clip.name for clip in data if "cut" not in clip.name]
    page = render_audit(audit_with(data, *(finding("quiet", name) for name in names)), data)
    assert page.count("<audio") == 3


def test_many_findings_of_a_kind_are_listed_without_players(data, monkeypatch):
    monkeypatch.setattr(page_module, "_MOST_OF_KIND", 1)
    page = render_audit(audit_with(data, finding("quiet", "dog/dog0.wav"), finding("quiet", "dog/dog1.wav")), data)
    assert "1 finding more of this kind" in page
    assert page.count("<audio") == 1


def test_a_clip_that_is_gone_is_said_to_be(data):
    page = render_audit(audit_with(data, finding("quiet", "dog/gone.wav")), data)
    assert "dog/<wbr>gone.wav" in page
    assert "<audio" not in page


def test_the_table_of_leaks_is_shown_where_there_is_one(data):
    table = LeakTable(
        rows=(LeakRow(way=YOURS, accuracy=Estimate(value=0.694, low=0.65, high=0.73), memory=None),),
        n_segments=2003,
        n_groups=304,
        segment_s=1.0002,
    )
    page = render_audit(audit_with(data, leaks=table), data)
    assert "2003 segments of 1 s" in page
    assert "65 to 73\N{NO-BREAK SPACE}%" in page
    assert "What a split leaks" not in render_audit(audit_with(data), data)


def test_without_labels_and_findings_it_says_so(sounds):
    path = sounds.write("x.wav", seconds=0.2)
    data = Dataset([Clip(name="x.wav", path=path, label="", group="a")], sounds.root)
    page = render_audit(audit_with(data), data)
    assert "no labels" in page
    assert "Nothing." in page
    assert structure_of(page).faults == []


def test_a_page_is_not_put_over_a_file_that_is_there(data, tmp_path):
    place = tmp_path / "page.html"
    place.write_text("mine")
    with pytest.raises(StorageError, match="is there already"):
        write_audit_page(audit_with(data), data, place)
    assert place.read_text() == "mine"
    write_audit_page(audit_with(data), data, place, overwrite=True)
    assert place.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("name", ["page.pdf", "page"])
def test_a_page_is_called_html(data, tmp_path, name):
    with pytest.raises(StorageError, match=r"\.html file"):
        write_audit_page(audit_with(data), data, tmp_path / name)
