import itertools
import shutil

import numpy as np
import pytest

from earmark.data.open import open_dataset
from earmark.errors import DataError, StorageError
from earmark.experiment.evaluation import evaluate_bundle
from earmark.experiment.run import train_run
from earmark.features.store import FeatureStore
from earmark.inference.predictor import Predictor


@pytest.fixture
def others(tmp_path, write_tone):
    """Sounds of the same classes that were never learnt from."""
    for label, name in enumerate(("dog", "rain ü", "sea")):
        for number in (50, 51):
            write_tone(tmp_path / "others" / name / f"{name}{number}.wav", label=label, number=number)
    return tmp_path / "others"


def part_of(trained, part):
    """Return the clips of one part of the run."""
    prepared = trained.result.prepared
    return prepared.dataset.subset(getattr(prepared.split, part))


# ---------------------------------------------------------------- scores


def test_the_scores_on_the_test_part_are_those_of_the_run(trained):
    evaluation = evaluate_bundle(trained.folder, part_of(trained, "test"))

    ours, theirs = evaluation.scorecard, trained.result.scorecard
    assert (ours.clip.confusion, ours.segment.confusion) == (theirs.clip.confusion, theirs.segment.confusion)
    assert ours.clip.accuracy == theirs.clip.accuracy
    assert ours.baseline.clip.confusion == theirs.baseline.clip.confusion
    assert evaluation.bad == ()


def test_a_clip_is_right_where_predict_says_its_label(trained, others):
    dataset = open_dataset(others)
    predictor = Predictor.load(trained.folder)
    right = [label == clip.label for label, clip in zip(predictor.predict([c.path for c in dataset]), dataset)]  # noqa: B905 - of one length

    scorecard = evaluate_bundle(trained.folder, dataset).scorecard

    assert scorecard.clip.accuracy.value == pytest.approx(np.mean(right))
    assert scorecard.clip.n == 6
    assert scorecard.segment.n == 12


@pytest.mark.slow
def test_the_bundle_alone_does(trained, others):
    dataset = open_dataset(others)

    one = evaluate_bundle(trained.folder / "bundle", dataset)
    other = evaluate_bundle(trained.folder, dataset)

    assert one.scorecard == other.scorecard


def test_labels_that_are_not_there_keep_their_place_in_the_tables(trained, others):
    dataset = open_dataset(others).subset([2, 3, 4, 5])
    assert dataset.labels == ("rain ü", "sea")

    scorecard = evaluate_bundle(trained.folder, dataset).scorecard

    assert scorecard.labels == ("dog", "rain ü", "sea")
    assert [sum(row) for row in scorecard.clip.confusion] == [0, 2, 2]


def test_sounds_of_one_class_can_be_scored(trained, others):
    assert evaluate_bundle(trained.folder, open_dataset(others).subset([4, 5])).scorecard.clip.n == 2


def test_clips_of_other_lengths_are_cut_into_as_many_segments_as_they_hold(trained, tmp_path, write_tones):
    dataset = open_dataset(write_tones(tmp_path / "long", {"dog": 1, "sea": 1}, seconds=2.2))

    assert evaluate_bundle(trained.folder, dataset).scorecard.segment.n == 8


# ---------------------------------------------------------------- what cannot be scored


def test_an_unknown_label_is_refused_with_the_nearest(trained, others):
    (others / "sea").rename(others / "seaa")

    with pytest.raises(DataError, match=r"does not know the label 'seaa': did you mean 'sea'") as caught:
        evaluate_bundle(trained.folder, open_dataset(others))

    assert "\n" not in str(caught.value)


def test_several_unknown_labels_are_counted(trained, others):
    for name in ("dog", "sea"):
        (others / name).rename(others / f"{name} of another kind")

    with pytest.raises(DataError, match="'dog of another kind' and 1 more"):
        evaluate_bundle(trained.folder, open_dataset(others))


def test_bad_files_are_named_and_left_out(trained, others):
    (others / "dog" / "broken.wav").write_text("this is no sound")

    evaluation = evaluate_bundle(trained.folder, open_dataset(others))

    assert [file.name for file in evaluation.bad] == ["dog/broken.wav"]
    assert evaluation.scorecard.clip.n == 6


def test_a_bad_file_stops_it_if_asked(trained, others):
    (others / "dog" / "broken.wav").write_text("this is no sound")

    with pytest.raises(DataError, match=r"dog/broken\.wav"):
        evaluate_bundle(trained.folder, open_dataset(others), strict=True)


def test_a_folder_without_a_bundle_is_one_line(tmp_path, others):
    with pytest.raises(StorageError) as caught:
        evaluate_bundle(tmp_path, open_dataset(others))

    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------- what was learnt from


def test_sounds_never_heard_need_no_note(trained, others):
    assert evaluate_bundle(trained.folder, open_dataset(others)).notes == ()


def test_the_test_part_needs_no_note(trained):
    assert evaluate_bundle(trained.folder, part_of(trained, "test")).notes == ()


@pytest.mark.parametrize("part", ["train", "validation"])
def test_sounds_that_were_learnt_from_are_noted(trained, part):
    clips = part_of(trained, part)

    (note,) = evaluate_bundle(trained.folder, clips).notes

    assert note.startswith(f"{len(clips)} of {len(clips)} sounds were learnt from in training (dog/")
    assert "the score is too good" in note


def test_a_copy_under_another_name_is_found_too(trained, others):
    clip = part_of(trained, "train")[0]
    shutil.copy(clip.path, others / clip.label / "brand new.wav")

    (note,) = evaluate_bundle(trained.folder, open_dataset(others)).notes

    assert note.startswith(f"1 of 7 sounds were learnt from in training ({clip.label}/brand new.wav)")


@pytest.mark.slow
def test_a_file_one_stretch_of_which_was_learnt_from_is_noted(tmp_path, write_tone, configure):
    lines = ["path,label,group,start_s,end_s,fold"]
    for label, number, start in itertools.product(range(2), range(3), range(2)):
        write_tone(tmp_path / f"{label}-{number}.wav", label=label, number=number, seconds=2.0)
        lines.append(f"{label}-{number}.wav,{'ab'[label]},{label}{number}{start},{start},{start + 1},{start + 1}")
    (tmp_path / "clips.csv").write_text("\n".join(lines) + "\n")
    config = configure(tmp_path / "clips.csv", split={"test_fold": 2})
    train_run(config, tmp_path / "run", store=FeatureStore(None))

    (note,) = evaluate_bundle(tmp_path / "run", open_dataset(tmp_path / "clips.csv")).notes

    assert "learnt from in training" in note


def test_progress_is_told_of_every_file(trained, others):
    told = []

    class Listener:
        def start(self, title, n_steps):
            told.append((title, n_steps))

        def advance(self, note=""):
            told.append("one more")

    evaluate_bundle(trained.folder, open_dataset(others), progress=Listener())

    assert told == [("features", 6)] + 6 * ["one more"]


def test_the_baseline_of_a_run_is_said_to_have_learnt_from_the_same_clips_and_stands_alone(trained):
    evaluation = evaluate_bundle(trained.folder / "baseline", part_of(trained, "train"))

    assert "sounds were learnt from in training" in evaluation.notes[0]
    assert evaluation.scorecard.baseline is None
