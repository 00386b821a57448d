import json
from pathlib import Path

import pytest
from matplotlib.image import imread

from earmark.errors import StorageError
from earmark.evaluate.intervals import Estimate
from earmark.experiment.comparison import Candidate, Comparison
from earmark.experiment.folder import RunFolder
from earmark.plots import confusion, epochs
from earmark.report.crossval import write_comparison_pictures, write_crossval_pictures


@pytest.fixture
def crossval(runs, tmp_path):
    """Make the folder of a cross-validation: a run whose folds are runs."""

    def make(name="cv", histories=(3, 2)):
        labels = ("dog", "rain")
        items = [
            runs.Item(f"{label}{n}.wav", label, f"{label}{n}", "test", runs.sure(labels, "rain"))
            for label in labels
            for n in range(3)
        ]
        folder = tmp_path / name
        runs.write(folder, items, data_path=tmp_path, history=[])
        for number, n_epochs in enumerate(histories, 1):
            runs.write(folder / f"fold-{number}", items, data_path=tmp_path, history=runs.epochs(n_epochs))
        return folder

    return make


@pytest.fixture
def drawn(monkeypatch):
    """Note what the plots are asked to draw."""
    asked = []
    for module, name in ((epochs, "plot_epochs"), (confusion, "plot_confusion")):
        plot = getattr(module, name)

        def note(*arguments, plot=plot, **settings):
            asked.append((plot.__name__, *arguments, settings))
            return plot(*arguments, **settings)

        monkeypatch.setattr(module, name, note)
    return asked


@pytest.mark.slow
def test_both_pictures_are_drawn_from_the_files_of_the_folder(crossval, drawn):
    folder = crossval(histories=(12, 2, 5))
    written = write_crossval_pictures(folder)
    assert [path.name for path in written] == ["epochs.png", "confusion.png"]
    assert all(min(imread(path).shape[:2]) > 300 for path in written)
    (_, matrix, labels, about), (_, curves, _) = sorted(drawn, key=lambda call: call[0])
    assert (matrix, labels) == (((0, 3), (0, 3)), ("dog", "rain"))
    assert about["title"] == "cnn on log-mel: clips of all folds"
    assert [len(fold.train_loss) for fold in curves] == [12, 2, 5]
    histories = [RunFolder(folder / f"fold-{number}").read_history() for number in (1, 2, 3)]
    for fold, history in zip(curves, histories, strict=True):
        assert fold.train_loss == [epoch.train_loss for epoch in history]
        assert fold.validation_loss == [epoch.validation_loss for epoch in history]
        assert fold.train_accuracy == [epoch.train_accuracy for epoch in history]
        assert fold.validation_accuracy == [epoch.validation_accuracy for epoch in history]


def test_without_a_history_the_curves_are_left_out(crossval):
    folder = crossval(histories=(0, 0))
    (folder / "epochs.png").write_text("of a network that was here before")
    assert [path.name for path in write_crossval_pictures(folder)] == ["confusion.png"]
    assert not (folder / "epochs.png").exists()


@pytest.mark.slow
def test_a_folder_that_only_looks_like_a_fold_is_left_out(crossval, drawn):
    folder = crossval(histories=(2,))
    (folder / "fold-of-paper").mkdir()
    write_crossval_pictures(folder)
    assert [len(call[1]) for call in drawn if call[0] == "plot_epochs"] == [1]


@pytest.mark.slow
def test_pictures_that_are_there_are_replaced_by_the_same_bytes(crossval):
    folder = crossval()
    first = [path.read_bytes() for path in write_crossval_pictures(folder)]
    (folder / "epochs.png").write_text("old")
    assert [path.read_bytes() for path in write_crossval_pictures(folder)] == first


@pytest.mark.slow
def test_what_is_not_finished_or_broken_is_refused(crossval, tmp_path):
    with pytest.raises(StorageError):
        write_crossval_pictures(tmp_path)
    folder = crossval()
    (folder / "fold-2" / "history.jsonl").write_text("{")
    with pytest.raises(StorageError, match="history"):
        write_crossval_pictures(folder)


@pytest.mark.slow
def test_a_comparison_has_its_picture_and_those_of_each_candidate(crossval, tmp_path):
    candidates = []
    for name, histories in (("cnn", (2, 2)), ("svm", (0, 0))):
        content = json.loads((RunFolder(crossval(name, histories)).scorecard_path).read_text())
        accuracy = Estimate(**content["clip"]["accuracy"])
        candidates.append(
            Candidate(
                name=name,
                network=name,
                front_end="mfcc",
                folds=(0.4, 0.6),
                mean=0.5,
                deviation=0.1,
                accuracy=accuracy,
                macro_f1=accuracy,
                n_weights=0,
                training_s=1.0,
            )
        )
    comparison = Comparison(folder=Path(tmp_path), candidates=tuple(candidates), simplest="svm", n_clips=6, n_groups=6)
    written = [str(path.relative_to(tmp_path)) for path in write_comparison_pictures(comparison)]
    assert written == ["cnn/epochs.png", "cnn/confusion.png", "svm/confusion.png", "comparison.png"]
    assert imread(tmp_path / "comparison.png").shape[1] > 600
