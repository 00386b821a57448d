"""A finished run folder made by hand: what a training would leave behind, without training."""

import json
from dataclasses import dataclass
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
    return SimpleNamespace(Item=Item, write=write_run, sure=sure, epochs=epochs)
