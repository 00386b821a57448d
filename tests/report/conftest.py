"""A finished run folder made by hand: what a training would leave behind, without training."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from earmark.evaluate.scorecard import score_predictions
from earmark.experiment.folder import RunFolder
from earmark.train.history import Epoch

CONFIG = """seed = 0
device = "auto"

[data]
path = {path}

[front_end]
name = "log-mel"

[network]
name = "{network}"
"""
ENVIRONMENT = {
    "earmark": "0.1.0",
    "python": "3.11.2",
    "platform": "Linux",
    "device": "cpu",
    "n_threads": 2,
    "libraries": {"numpy": "2.0", "torch": "2.13.0"},
    "seconds": {"data_and_features": 12.3, "training": 65.0, "all": 81.2},
    "training_ended": "patience",
    "best_epoch": 2,
}


@dataclass
class Item:
    """A clip as a test wishes it: where it is, what it is, and what the classifier makes of it."""

    name: str
    label: str
    group: str
    part: str
    probabilities: dict | None = None


def epochs(n, best=2):
    """Return a history whose losses fall and whose accuracies rise."""
    return [
        Epoch(
            epoch=number,
            train_loss=2.0 / number,
            train_accuracy=1 - 0.8 / number,
            validation_loss=2.2 / number,
            validation_accuracy=0.9 - 0.7 / number + (0.1 if number == best else 0.0),
            learning_rate=1e-3,
            time_s=0.5,
        )
        for number in range(1, n + 1)
    ]


def write_run(
    folder, items, *, data_path, labels=None, history=None, network="cnn", baseline=None, sounds=None, **environment
):
    """Write the folder of a finished run, and return its path.

    `baseline` gives the probabilities of the baseline, one dict a test clip; `sounds` the rows of sounds.csv;
    `environment` what else is in environment.json.
    """
    run = RunFolder(Path(folder))
    labels = tuple(sorted({item.label for item in items})) if labels is None else tuple(labels)
    tested = [item for item in items if item.part == "test"]
    run.write_text("config.toml", CONFIG.format(path=json.dumps(str(data_path)), network=network))
    run.write_environment({**ENVIRONMENT, **environment})
    run.write_history(epochs(3) if history is None else history)
    run.write_table(
        "split.csv", ("path", "label", "group", "part"), [(i.name, i.label, i.group, i.part) for i in items]
    )
    run.write_table(
        "sounds.csv",
        ("path", "content", "fault"),
        [(item.name, f"key of {item.name}", "") for item in items] if sounds is None else sounds,
    )
    rows = np.array([[item.probabilities[label] for label in labels] for item in tested])
    run.write_table(
        "predictions.csv",
        ("path", "label", "predicted", *labels),
        [
            (item.name, item.label, labels[int(row.argmax())], *(f"{value:.6f}" for value in row))
            for item, row in zip(tested, rows, strict=True)
        ],
    )
    card = score(rows, tested, labels)
    if baseline is not None:
        simple = np.array([[each[label] for label in labels] for each in baseline])
        card = card.with_baseline("svm", score(simple, tested, labels))
    card.save(run.scorecard_path)
    return run.path


def write_crossval(folder, items, *, data_path, n_folds=2, history=None, baseline=0.6, **environment):
    """Write the folder of a finished cross-validation: clip after clip goes into another fold, by its group."""
    run = RunFolder(Path(folder))
    labels = tuple(sorted({item.label for item in items}))
    groups = sorted({item.group for item in items})
    fold_of = {group: 1 + place % n_folds for place, group in enumerate(groups)}
    rows = []
    for fold in range(1, n_folds + 1):
        own = [replace(item, part="test" if fold_of[item.group] == fold else "train") for item in items]
        tested = [item for item in own if item.part == "test"]
        path = write_run(
            run.fold(fold).path,
            own,
            data_path=data_path,
            labels=labels,
            history=history,
            baseline=[sure(labels, item.label, baseline) for item in tested],
            **environment,
        )
        card = RunFolder(path).read_scorecard()
        rows.append(
            {
                "fold": fold,
                "n_clips": card.n_clips,
                "accuracy": card.clip.accuracy.value,
                "baseline_accuracy": card.baseline.clip.accuracy.value,
                "best_epoch": 2,
            }
        )
    order = sorted(items, key=lambda item: fold_of[item.group])
    pooled = write_run(run.path, [replace(item, part="test") for item in order], data_path=data_path, labels=labels)
    run.write_table(
        "folds.csv", ("path", "label", "group", "fold"), [(i.name, i.label, i.group, fold_of[i.group]) for i in items]
    )
    for name in ("split.csv", "sounds.csv", "history.jsonl"):
        (pooled / name).unlink()
    content = json.loads(run.scorecard_path.read_text())
    run.scorecard_path.write_text(json.dumps({**content, "folds": rows}))
    return run.path


def write_comparison(folder, candidates, *, best, simplest):
    """Write ``comparison.json`` above finished cross-validations, by name."""
    rows = []
    for name, path in candidates.items():
        content = json.loads((path / "scorecard.json").read_text())
        paired = {"difference": 0.1, "low": None, "high": None, "p": 0.5}
        rows.append(
            {
                "name": name,
                "network": name,
                "front_end": "log-mel",
                "folds": [fold["accuracy"] for fold in content["folds"]],
                "mean": 0.5,
                "deviation": 0.1,
                "accuracy": content["clip"]["accuracy"],
                "macro_f1": content["clip"]["macro_f1"],
                "n_weights": 1234,
                "training_s": 65.0,
                "against_simplest": None if name == simplest else paired,
                "p": None if name == simplest else 0.5,
            }
        )
    about = {"sentence": f"No: {best} is as good.", "simplest": simplest, "best": best, "n_clips": 12, "n_groups": 6}
    (Path(folder) / "comparison.json").write_text(json.dumps({**about, "candidates": rows}))
    return Path(folder)


def score(rows, tested, labels):
    """Return the scorecard of clips of one segment each."""
    return score_predictions(
        segment_probabilities=rows,
        clip_index=np.arange(len(rows)),
        y=np.array([labels.index(item.label) for item in tested]),
        groups=[item.group for item in tested],
        labels=labels,
        seed=0,
    )


def sure(labels, label, probability=0.9):
    """Return probabilities that give `probability` to one class and share out the rest."""
    rest = (1 - probability) / max(1, len(labels) - 1)
    return {name: probability if name == label else rest for name in labels}


@pytest.fixture
def small_run(tmp_path, sounds):
    """Two classes, six clips with sounds, one mistake: dog2 is taken for rain."""
    data = sounds.folder({"dog": 3, "rain": 3})
    labels = ("dog", "rain")
    parts = ("train", "validation", "test")
    items = [
        Item(f"{label}/{label}{number}.wav", label, f"{label}{number}", parts[number], sure(labels, "rain"))
        for label in labels
        for number in range(3)
    ]
    return write_run(
        tmp_path / "run", items, data_path=data, baseline=[sure(labels, "dog", 0.6), sure(labels, "rain", 0.6)]
    )


@pytest.fixture
def runs():
    """What makes run folders: `Item`, `write`, `sure`, `epochs`."""
    return SimpleNamespace(
        Item=Item, write=write_run, sure=sure, epochs=epochs, crossval=write_crossval, comparison=write_comparison
    )


@pytest.fixture
def crossval(tmp_path, sounds):
    """Three classes, twelve clips of six groups with sounds, two folds; owls are taken for rain."""
    labels = ("dog", "owl", "rain")
    data = sounds.folder(dict.fromkeys(labels, 4))
    items = [
        Item(
            f"{label}/{label}{n}.wav",
            label,
            f"{label} {n // 2}",
            "",
            sure(labels, "rain" if label == "owl" else label, 0.9 - n / 20),
        )
        for label in labels
        for n in range(4)
    ]
    return write_crossval(tmp_path / "cv", items, data_path=data)


@pytest.fixture
def comparison(tmp_path):
    """Two cross-validations of the same clips, of which one knows no owls."""
    labels = ("dog", "owl", "rain")
    folder = tmp_path / "comparison"
    candidates = {}
    for name, knows in (("svm", ("dog", "rain")), ("cnn", ("dog", "owl", "rain"))):
        items = [
            Item(
                f"{label}/{n}.wav",
                label,
                f"{label} {n // 2}",
                "",
                sure(labels, label if label in knows and n else "rain"),
            )
            for label in labels
            for n in range(4)
        ]
        candidates[name] = write_crossval(folder / name, items, data_path="/nowhere/sounds")
    return write_comparison(folder, candidates, best="cnn", simplest="svm")
