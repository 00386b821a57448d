"""A classifier on disk: one folder with its weights as safetensors and everything else as JSON. No pickle."""

import json
import textwrap
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

import earmark
from earmark._util.files import write_folder_whole, write_json
from earmark.errors import SettingError, StorageError
from earmark.features.catalogue import FRONT_ENDS
from earmark.models.blueprint import Blueprint
from earmark.models.foreign import Foreign
from earmark.models.graph import ClassifierGraph
from earmark.models.own import OWN, OwnNetwork

SCHEMA = 1
_DESCRIPTION = "classifier.json"
_WEIGHTS = "weights.safetensors"


def save_bundle(folder: Path, graph: ClassifierGraph, blueprint: Blueprint) -> None:
    """Write a classifier to a folder, whole or not at all.

    Args:
        folder: Where the bundle is to be; one that is there is replaced, anything else never is.
        graph: The fitted graph.
        blueprint: What it was built from, with the names of the classes.

    Raises:
        SettingError: The network is an estimator of the user's own, which no bundle can keep.
        StorageError: There is something else, or the folder cannot be written.
    """
    if isinstance(graph.network, Foreign):
        raise SettingError(
            f"a bundle is without pickle, and cannot keep a {type(graph.network.estimator).__name__}: take a classical "
            "network that ships (random-forest, k-nearest, logistic, svm), or keep the classifier in the program"
        )
    _refuse_others(folder)
    # Copies: safetensors refuses tensors that share their memory, such as weights that are used twice.
    weights = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in graph.state_dict().items()}
    with write_folder_whole(folder) as part:
        (part / _WEIGHTS).write_bytes(save(weights))
        write_json(part / _DESCRIPTION, {"schema": SCHEMA, "earmark": earmark.__version__, **blueprint.to_json()})


def is_bundle(folder: Path) -> bool:
    """Return whether a folder holds a bundle, whole or damaged, and nothing else."""
    return folder.is_dir() and {path.name for path in folder.iterdir()} <= {_DESCRIPTION, _WEIGHTS}


def _refuse_others(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise StorageError(f"{folder} is a file: a bundle needs a folder")
    others = sorted({path.name for path in folder.iterdir()} - {_DESCRIPTION, _WEIGHTS}) if folder.is_dir() else []
    if others:
        raise StorageError(f"{folder} holds {others[0]}, which is no part of a bundle: name a new folder")


def load_bundle(folder: Path, *, own: OwnNetwork | None = None) -> tuple[ClassifierGraph, Blueprint]:
    """Read a classifier from a bundle, or from the run folder that holds one.

    Args:
        folder: A bundle, or a run folder with a ``bundle`` inside.
        own: What stands for the user's network that the weights are of, where they are not of one that ships.

    Returns:
        The graph in evaluation mode, and its blueprint.

    Raises:
        SettingError: A network of the user's own is wanted and not given, given and not wanted, or another one.
        StorageError: There is no bundle, or it is damaged or of another version.
    """
    if not folder.is_dir():
        raise StorageError(f"there is no bundle or run folder at {folder}")
    if not (folder / _DESCRIPTION).exists() and (folder / "bundle").is_dir():
        folder = folder / "bundle"
    description = _read_description(folder)
    _check_own(folder, description, own)
    try:
        blueprint = Blueprint.from_json(description, own=own)
        with torch.random.fork_rng(devices=[]):  # weights are drawn, only to be replaced at once
            graph = ClassifierGraph(blueprint).eval()
        graph.load_state_dict(load_file(folder / _WEIGHTS))
        _try_out(graph, blueprint)
    except (SettingError, SafetensorError, OSError, LookupError, TypeError, ValueError, RuntimeError) as error:
        reason = textwrap.shorten(str(error), 300)
        if own is not None and isinstance(error, SettingError | RuntimeError):
            raise SettingError(f"the network {own.name} does not fit the bundle {folder}: {reason}") from error
        raise StorageError(f"the bundle {folder} is damaged or incomplete: {reason}") from error
    return graph, blueprint


def _check_own(folder: Path, description: dict[str, Any], own: OwnNetwork | None) -> None:
    """Refuse to read a bundle without the network that only its user has, or with one that it has no use for."""
    network = description.get("network")
    written = network if isinstance(network, dict) else {}
    if written.get("name") == OWN and own is None:
        raise SettingError(
            f"the network of the bundle {folder} is not one that ships but {written.get('path')}: give that, or what "
            "makes it, to SoundClassifier.load(folder, network=...)"
        )
    if written.get("name") != OWN and own is not None:
        raise SettingError(
            f"the network of the bundle {folder} ships, {written.get('name')!r}: load it without {own.name}"
        )


@torch.inference_mode()
def _try_out(graph: ClassifierGraph, blueprint: Blueprint) -> None:
    """Let silence through the graph: parts that do not fit each other are found here, not at the first sound."""
    recipe = blueprint.recipe
    takes = FRONT_ENDS[recipe.front_end].takes
    if takes == "waveform":
        graph(torch.zeros(1, recipe.segments.length_samples if recipe.segments else recipe.settings.sample_rate))
    elif takes == "picture":
        graph(torch.zeros(1, recipe.settings.n_rows, recipe.settings.n_columns, 4, dtype=torch.uint8))
    else:
        graph.probabilities(torch.zeros(1, blueprint.n_bins, blueprint.n_frames))


def _read_description(folder: Path) -> dict[str, Any]:
    path = folder / _DESCRIPTION
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        folds = sorted(path.name for path in folder.glob("fold-*") if path.is_dir())
        if folds:
            raise StorageError(
                f"{folder} is a cross-validation, which has a classifier for each fold: name one, such as "
                f"{folder / folds[0]}"
            ) from error
        raise StorageError(f"{folder} is neither a bundle nor a run folder: it holds no {_DESCRIPTION}") from error
    except (OSError, ValueError) as error:
        raise StorageError(f"{path} cannot be read: {error}") from error
    schema = description.get("schema") if isinstance(description, dict) else None
    if schema != SCHEMA:
        raise StorageError(
            f"the bundle {folder} has schema {schema!r}, and this version of earmark reads schema {SCHEMA}"
        )
    return dict(description)
