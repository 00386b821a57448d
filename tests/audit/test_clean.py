import csv
from dataclasses import replace
from pathlib import Path

import pytest

from earmark.audit.audit import Audit
from earmark.audit.clean import check_table_target, write_clean_table
from earmark.audit.findings import Finding
from earmark.audit.measure import Measures
from earmark.audit.summary import summarise
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.open import open_dataset
from earmark.errors import DataError, StorageError


def finding(kind, *clips, severity="error"):
    return Finding(kind=kind, severity=severity, clips=clips, score=1, message=f"it is {kind}", advice="a")


@pytest.fixture
def dataset(tmp_path):
    folder = tmp_path / "sounds"
    folder.mkdir()
    clips = []
    for index, (name, label) in enumerate((("a", "dog"), ("b", "dog"), ("c", "rain"), ("d", "rain"), ("e", "sea"))):
        (folder / f"{name}.wav").write_bytes(b"sound")
        clips.append(
            Clip(
                name=f"{name}.wav",
                path=folder / f"{name}.wav",
                label=label,
                group=name,
                fold=1 + index % 2,
                extra={"mood": "calm, mostly"},
            )
        )
    return Dataset(clips, folder)


def audit_of(dataset, *findings, groups=()):
    summary = summarise(dataset, Measures(sounds=(), unusable=()))
    return Audit(summary=summary, findings=findings, groups=dict(groups))


def rows(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return {Path(row["path"]).stem: row for row in csv.DictReader(stream)}


def test_without_findings_every_clip_is_kept_as_it_was(dataset, tmp_path):
    table = write_clean_table(audit_of(dataset), dataset, tmp_path / "clean.csv")
    assert (table.n_kept, table.n_left_out, table.n_changed, table.left_out_path) == (5, 0, 0, None)
    again = open_dataset(tmp_path / "clean.csv")
    assert [(clip.path, clip.label, clip.group, clip.fold, clip.extra["mood"]) for clip in again] == [
        (clip.path, clip.label, clip.group, clip.fold, clip.extra["mood"]) for clip in dataset
    ]
    assert not any(row["why"] for row in rows(tmp_path / "clean.csv").values())


@pytest.mark.parametrize("kind", ["unreadable", "truncated", "empty", "not-finite", "silent"])
def test_faulty_clips_are_left_out_and_it_is_said_why(dataset, tmp_path, kind):
    table = write_clean_table(audit_of(dataset, finding(kind, "b.wav")), dataset, tmp_path / "clean.csv")
    assert "b" not in rows(tmp_path / "clean.csv")
    assert rows(table.left_out_path)["b"]["why"] == f"{kind}: it is {kind}"
    assert table.left_out_path.name == "clean.left-out.csv"
    assert table.sentence().endswith(f"1 clip left out, in {table.left_out_path}")


@pytest.mark.parametrize("kind", ["clipped", "quiet", "offset", "band-limited", "odd-duration", "label"])
def test_what_may_be_right_is_kept_with_a_remark(dataset, tmp_path, kind):
    write_clean_table(audit_of(dataset, finding(kind, "b.wav", severity="warning")), dataset, tmp_path / "clean.csv")
    found = rows(tmp_path / "clean.csv")
    assert found["b"]["why"] == f"{kind}: it is {kind}"
    assert found["a"]["why"] == ""


def test_silent_stretches_leave_no_clip_out(dataset, tmp_path):
    note = finding("silent", "a.wav", "b.wav", severity="note")
    assert write_clean_table(audit_of(dataset, note), dataset, tmp_path / "clean.csv").n_left_out == 0


def test_of_exact_repeats_the_first_is_kept(dataset, tmp_path):
    table = write_clean_table(audit_of(dataset, finding("exact-repeat", "b.wav", "a.wav")), dataset, tmp_path / "c.csv")
    assert set(rows(tmp_path / "c.csv")) == {"a", "c", "d", "e"}
    assert rows(table.left_out_path)["b"]["why"] == "exact-repeat: the same sound as a.wav"


@pytest.mark.parametrize("kind", ["exact-repeat", "near-repeat"])
def test_of_repeats_with_two_labels_none_is_kept(dataset, tmp_path, kind):
    table = write_clean_table(audit_of(dataset, finding(kind, "a.wav", "c.wav")), dataset, tmp_path / "c.csv")
    assert set(rows(tmp_path / "c.csv")) == {"b", "d", "e"}
    assert "dog and rain" in rows(table.left_out_path)["a"]["why"]


def test_a_repeat_of_a_clip_that_is_left_out_already_is_kept(dataset, tmp_path):
    findings = [finding("not-finite", "a.wav"), finding("exact-repeat", "a.wav", "b.wav")]
    write_clean_table(audit_of(dataset, *findings), dataset, tmp_path / "c.csv")
    assert "b" in rows(tmp_path / "c.csv")


def test_a_repeat_whose_clips_are_all_left_out_already_does_no_harm(dataset, tmp_path):
    findings = [finding("silent", "a.wav"), finding("silent", "b.wav"), finding("exact-repeat", "a.wav", "b.wav")]
    assert write_clean_table(audit_of(dataset, *findings), dataset, tmp_path / "c.csv").n_left_out == 2


def test_near_repeats_get_one_group_and_one_fold(dataset, tmp_path):
    near = finding("near-repeat", "a.wav", "b.wav", severity="warning")
    audit = audit_of(dataset, near, groups={"a.wav": "a", "b.wav": "a"})
    table = write_clean_table(audit, dataset, tmp_path / "c.csv")
    found = rows(tmp_path / "c.csv")
    assert (found["b"]["group"], found["b"]["fold"]) == ("a", "1")
    assert found["b"]["why"] == "fold was 2; group was b; near-repeat: it is near-repeat"
    assert table.n_changed == 1
    assert "1 of them regrouped" in table.sentence()


def test_no_group_lies_in_two_folds_afterwards(dataset, tmp_path):
    audit = audit_of(dataset, groups={clip.name: "one" for clip in dataset})
    write_clean_table(audit, dataset, tmp_path / "c.csv")
    again = open_dataset(tmp_path / "c.csv")
    assert len({(clip.group, clip.fold) for clip in again}) == 1


def test_stretches_are_left_out_one_by_one(dataset, tmp_path):
    path = dataset[0].path
    clips = [
        Clip(name="a.wav", path=path, label="dog", group="a", start_s=0.0, end_s=1.5),
        Clip(name="a.wav", path=path, label="rain", group="a", start_s=1.5, end_s=3.0),
    ]
    stretches = Dataset(clips, dataset.root)
    write_clean_table(audit_of(stretches, finding("silent", "a.wav#t=0,1.5")), stretches, tmp_path / "c.csv")
    (kept,) = open_dataset(tmp_path / "c.csv")
    assert (kept.label, kept.start_s, kept.end_s) == ("rain", 1.5, 3.0)


def test_a_column_of_the_user_called_why_gives_way(dataset, tmp_path):
    clips = [Clip(name="a.wav", path=dataset[0].path, label="dog", group="a", extra={"why": "because"})]
    own = Dataset(clips, dataset.root)
    write_clean_table(audit_of(own), own, tmp_path / "c.csv")
    assert rows(tmp_path / "c.csv")["a"]["why"] == ""


def test_where_no_clip_is_left_there_is_no_table(dataset, tmp_path):
    silent = [finding("silent", clip.name) for clip in dataset]
    with pytest.raises(DataError, match="no clip is left"):
        write_clean_table(audit_of(dataset, *silent), dataset, tmp_path / "c.csv")
    assert not list(tmp_path.glob("*.csv"))


def test_without_labels_there_is_no_table(dataset, tmp_path):
    clips = [Clip(name="a.wav", path=dataset[0].path, label="", group="a")]
    own = Dataset(clips, dataset.root)
    with pytest.raises(DataError, match="no labels"):
        write_clean_table(audit_of(own), own, tmp_path / "c.csv")


@pytest.mark.parametrize("taken", ["c.csv", "c.left-out.csv"])
def test_what_is_there_is_not_replaced_unasked(dataset, tmp_path, taken):
    (tmp_path / taken).write_text("mine")
    with pytest.raises(StorageError, match="is there already"):
        write_clean_table(audit_of(dataset, finding("silent", "a.wav")), dataset, tmp_path / "c.csv")
    assert (tmp_path / taken).read_text() == "mine"
    write_clean_table(audit_of(dataset, finding("silent", "a.wav")), dataset, tmp_path / "c.csv", overwrite=True)
    assert "mine" not in (tmp_path / taken).read_text()


def test_a_table_is_called_csv(tmp_path):
    with pytest.raises(StorageError, match=r"\.csv file, not 'clean.xlsx'"):
        check_table_target(tmp_path / "clean.xlsx")


def test_a_contradiction_reaches_all_that_hang_together(dataset, tmp_path):
    findings = [finding("near-repeat", "a.wav", "c.wav"), finding("exact-repeat", "a.wav", "b.wav", severity="warning")]
    table = write_clean_table(audit_of(dataset, *findings), dataset, tmp_path / "c.csv")
    assert set(rows(tmp_path / "c.csv")) == {"d", "e"}
    assert rows(table.left_out_path)["b"]["why"].endswith("the labels dog and rain: a.wav, b.wav, c.wav")


def test_a_short_stretch_in_common_contradicts_nothing(dataset, tmp_path):
    short = replace(finding("near-repeat", "a.wav", "c.wav", severity="note"), score=0.2)
    assert write_clean_table(audit_of(dataset, short), dataset, tmp_path / "c.csv").n_left_out == 0


def test_a_table_of_what_was_left_out_earlier_does_not_stay(dataset, tmp_path):
    write_clean_table(audit_of(dataset, finding("silent", "a.wav")), dataset, tmp_path / "c.csv")
    assert (tmp_path / "c.left-out.csv").exists()
    write_clean_table(audit_of(dataset), dataset, tmp_path / "c.csv", overwrite=True)
    assert not (tmp_path / "c.left-out.csv").exists()


def test_a_table_of_an_earlier_time_that_cannot_be_removed_is_told(dataset, tmp_path):
    (tmp_path / "c.left-out.csv").mkdir()
    with pytest.raises(StorageError, match=r"cannot remove .*c\.left-out\.csv"):
        write_clean_table(audit_of(dataset), dataset, tmp_path / "c.csv", overwrite=True)


def test_the_paths_lead_to_the_sounds_where_the_folder_of_the_table_is_a_link(dataset, tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "deep" / "er")
    write_clean_table(audit_of(dataset), dataset, tmp_path / "link" / "c.csv")
    assert [clip.path.exists() for clip in open_dataset(tmp_path / "link" / "c.csv")] == [True] * 5
