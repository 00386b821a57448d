import json
import os
import resource
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import earmark
from earmark.audio.segments import Segments
from earmark.errors import SettingError, StorageError
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import Recipe
from earmark.inference.bundle import load_bundle, save_bundle
from earmark.models.blueprint import Blueprint
from earmark.models.catalogue import NETWORKS
from earmark.models.graph import ClassifierGraph
from earmark.models.own import OWN, own_network
from earmark.train.solvers import solver_of

LABELS = ("dog", "Regen ü", "海 «sea»/\\\n\t😀")
FRAMES = {"log-mel": (64, 22), "mfcc": (13, 22), "statistics": (100, 1)}


def build(network="cnn", front_end="mfcc", seed=0):
    """Return a graph whose weights, standardiser and temperature are all its own, and its blueprint."""
    n_bins, n_frames = FRAMES[front_end]
    segments = None if front_end == "statistics" else Segments(length_samples=11025, hop_samples=5000)
    blueprint = Blueprint(
        labels=LABELS,
        recipe=Recipe(front_end=front_end, settings=FRONT_ENDS[front_end].settings(), segments=segments),
        network=network,
        network_settings=NETWORKS[network].settings(),
        n_bins=n_bins,
        n_frames=n_frames,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        graph = ClassifierGraph(blueprint)
        graph.standardiser.mean.normal_()
        graph.standardiser.deviation.uniform_(50, 100)
        graph.temperature.fill_(1.7)
        solver = solver_of(graph.network)
        if solver:
            solver(graph.network, torch.randn(12, n_bins, n_frames), torch.arange(12).numpy() % 3, seed=0)
    return graph.eval(), blueprint


def sound(seed=0):
    return 0.1 * torch.randn(2, 11025, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def bundle(tmp_path):
    save_bundle(tmp_path / "bundle", *build())
    return tmp_path / "bundle"


@pytest.fixture
def small_disk():
    """Let no file grow beyond some bytes for a while: what a full disk does, as far as a process can tell."""

    @contextmanager
    def limit(n_bytes):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limit


def described(folder, **changes):
    """Change the description in a bundle; None takes a part out."""
    path = folder / "classifier.json"
    value = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps({key: part for key, part in value.items() if part is not None}), encoding="utf-8")


# ---------------------------------------------------------------- there and back


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "front_end"),
    [
        ("cnn", "mfcc"),
        ("cnn", "log-mel"),
        ("mlp", "mfcc"),
        ("mlp", "statistics"),
        ("svm", "statistics"),
        ("k-nearest", "statistics"),
        ("logistic", "statistics"),
        ("random-forest", "statistics"),
    ],
)
def test_what_is_loaded_gives_the_same_bits_and_the_same_blueprint(tmp_path, network, front_end):
    graph, blueprint = build(network, front_end)

    save_bundle(tmp_path / "bundle", graph, blueprint)
    loaded, read = load_bundle(tmp_path / "bundle")

    with torch.inference_mode():
        assert torch.equal(loaded(sound()), graph(sound()))
        assert loaded(sound()).std() > 1e-4
    assert read == blueprint
    assert not loaded.training


def test_every_tensor_of_the_graph_comes_back(bundle):
    graph, _ = build()
    loaded, _ = load_bundle(bundle)

    assert graph.state_dict().keys() == loaded.state_dict().keys()
    assert all(torch.equal(tensor, loaded.state_dict()[name]) for name, tensor in graph.state_dict().items())


def test_weights_laid_out_for_training_are_saved_as_they_are(tmp_path):
    graph, blueprint = build()
    graph.to(memory_format=torch.channels_last)

    save_bundle(tmp_path / "bundle", graph, blueprint)

    with torch.inference_mode():
        torch.testing.assert_close(load_bundle(tmp_path / "bundle")[0](sound()), graph(sound()))


def test_settings_that_are_not_the_defaults_come_back(tmp_path):
    graph, blueprint = build("mlp")
    settings = replace(blueprint.network_settings, dropout=0.25)

    save_bundle(tmp_path / "bundle", graph, replace(blueprint, network_settings=settings))

    assert load_bundle(tmp_path / "bundle")[1].network_settings == settings


def test_there_is_nothing_in_it_but_json_and_safetensors(bundle):
    assert sorted(path.name for path in bundle.iterdir()) == ["classifier.json", "weights.safetensors"]
    json.loads((bundle / "classifier.json").read_text(encoding="utf-8"))
    assert load_file(bundle / "weights.safetensors")


def test_no_file_of_it_is_pickle(bundle):
    for path in bundle.iterdir():
        content = path.read_bytes()
        assert content[:1] != b"\x80"  # pickle's protocol mark
        assert content[:2] != b"PK"  # torch.save's archive


def test_the_labels_can_be_read_by_eye(bundle):
    text = (bundle / "classifier.json").read_text(encoding="utf-8")

    assert "Regen ü" in text
    assert json.loads(text)["labels"] == list(LABELS)
    assert json.loads(text)["earmark"] == earmark.__version__


def test_a_run_folder_is_as_good_as_the_bundle_in_it(bundle):
    one, other = load_bundle(bundle)[0], load_bundle(bundle.parent)[0]

    assert all(torch.equal(tensor, other.state_dict()[name]) for name, tensor in one.state_dict().items())


def test_a_bundle_may_be_moved_and_renamed(bundle, tmp_path):
    moved = bundle.rename(tmp_path / "Ordner mit Leerzeichen ü")

    assert load_bundle(moved)[1].labels == LABELS


# ---------------------------------------------------------------- what is in the way


def test_saving_over_a_bundle_replaces_it(bundle):
    later, blueprint = build("mlp", seed=3)

    save_bundle(bundle, later, blueprint)

    loaded, read = load_bundle(bundle)
    assert read.network == "mlp"
    with torch.inference_mode():
        assert torch.equal(loaded(sound()), later(sound()))
    assert [path.name for path in bundle.parent.iterdir()] == ["bundle"]


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "bundle").mkdir()

    save_bundle(tmp_path / "bundle", *build())

    assert load_bundle(tmp_path / "bundle")[1].labels == LABELS


def test_a_folder_of_something_else_is_never_thrown_away(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "love.txt").write_text("dear")

    with pytest.raises(StorageError, match=r"letters holds .*love\.txt") as caught:
        save_bundle(tmp_path / "letters", *build())

    assert "\n" not in str(caught.value)
    assert (tmp_path / "letters" / "love.txt").read_text() == "dear"
    assert [path.name for path in tmp_path.iterdir()] == ["letters"]


def test_a_bundle_with_something_else_in_it_is_never_thrown_away(bundle):
    (bundle / "love.txt").write_text("dear")

    with pytest.raises(StorageError, match=r"love\.txt"):
        save_bundle(bundle, *build())

    assert (bundle / "love.txt").read_text() == "dear"
    load_bundle(bundle)


def test_a_run_folder_is_never_thrown_away(bundle):
    (bundle.parent / "config.toml").write_text("")

    with pytest.raises(StorageError):
        save_bundle(bundle.parent, *build())

    load_bundle(bundle)


def test_a_file_in_place_of_the_folder_is_one_storage_error_and_stays(tmp_path):
    (tmp_path / "bundle").write_text("here first")

    with pytest.raises(StorageError) as caught:
        save_bundle(tmp_path / "bundle", *build())

    assert "\n" not in str(caught.value)
    assert (tmp_path / "bundle").read_text() == "here first"
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_full_disk_is_one_storage_error_and_the_bundle_before_stays(bundle, small_disk):
    before = {path.name: path.read_bytes() for path in bundle.iterdir()}

    with small_disk(2000), pytest.raises(StorageError, match="cannot write") as caught:
        save_bundle(bundle, *build(seed=7))

    assert "\n" not in str(caught.value)
    assert {path.name: path.read_bytes() for path in bundle.iterdir()} == before
    assert [path.name for path in bundle.parent.iterdir()] == ["bundle"]


# ---------------------------------------------------------------- what is no bundle


def cut(name, n_bytes):
    def damage(folder):
        path = folder / name
        path.write_bytes(path.read_bytes()[:n_bytes])

    return damage


def put(name, content):
    def damage(folder):
        (folder / name).write_bytes(content)

    return damage


def change(**changes):
    def damage(folder):
        described(folder, **changes)

    return damage


def take_out_a_weight(folder):
    weights = load_file(folder / "weights.safetensors")
    del weights["temperature"]
    save_file(weights, folder / "weights.safetensors")


def add_a_weight(folder):
    weights = load_file(folder / "weights.safetensors")
    save_file({**weights, "alien": torch.zeros(1)}, folder / "weights.safetensors")


def turn_a_weight(folder):
    weights = load_file(folder / "weights.safetensors")
    weights["network.head.4.weight"] = weights["network.head.4.weight"].T.contiguous()
    save_file(weights, folder / "weights.safetensors")


def lose_the_weights(folder):
    (folder / "weights.safetensors").unlink()


def lose_the_description(folder):
    (folder / "classifier.json").unlink()


def put_a_folder_in_place_of_the_weights(folder):
    lose_the_weights(folder)
    (folder / "weights.safetensors").mkdir()


DAMAGES = {
    "weights cut": cut("weights.safetensors", 500),
    "weights cut in the header": cut("weights.safetensors", 5),
    "weights empty": cut("weights.safetensors", 0),
    "weights of text": put("weights.safetensors", b"these are no weights"),
    "weights lost": lose_the_weights,
    "a folder for weights": put_a_folder_in_place_of_the_weights,
    "a weight lost": take_out_a_weight,
    "a weight too many": add_a_weight,
    "a weight of another shape": turn_a_weight,
    "description lost": lose_the_description,
    "description cut": cut("classifier.json", 40),
    "description empty": cut("classifier.json", 0),
    "description not UTF-8": put("classifier.json", b'{"schema": "\xff"}'),
    "description a list": put("classifier.json", b"[1]"),
    "description a number": put("classifier.json", b"1"),
    "description null": put("classifier.json", b"null"),
    "no schema": change(schema=None),
    "no labels": change(labels=None),
    "labels a number": change(labels=3),
    "a label lost": change(labels=list(LABELS[:2])),
    "no front end": change(front_end=None),
    "front end a text": change(front_end="mfcc"),
    "front end a number": change(front_end=3),
    "front end unknown": change(front_end={"name": "mfc"}),
    "front end without a name": change(front_end={}),
    "front end of impossible settings": change(front_end={"name": "mfcc", "n_fft": -1}),
    "front end of settings of a wrong type": change(front_end={"name": "mfcc", "n_fft": "many"}),
    "front end of unknown settings": change(front_end={"name": "mfcc", "n_fff": 4}),
    "segments a text": change(segments="ten"),
    "segments impossible": change(segments={"length_samples": 0, "hop_samples": 0}),
    "segments of other names": change(segments={"length": 1}),
    "network unknown": change(network={"name": "resnet"}),
    "network of impossible settings": change(network={"name": "cnn", "dropout": 3}),
    "network of another name": change(network={"name": "mlp"}),
    "no features": change(features=None),
    "features of another size": change(features={"n_bins": 14, "n_frames": 99}),
    "features below zero": change(features={"n_bins": -5, "n_frames": 22}),
    "features too small": change(features={"n_bins": 2, "n_frames": 22}),
    "features a text": change(features={"n_bins": "a", "n_frames": "b"}),
    "features a list": change(features=[13, 22]),
    "a front end that does not fit the network": change(front_end={"name": "mfcc", "n_mfcc": 20}),
    "segments that do not fit the network": change(segments={"length_samples": 99999, "hop_samples": 99999}),
}


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_bundle_is_one_line_that_names_it(bundle, damage):
    damage(bundle)

    with pytest.raises(StorageError, match="bundle") as caught:
        load_bundle(bundle)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("schema", [0, 2, "1", None])
def test_a_bundle_of_another_schema_is_refused_with_both_numbers(bundle, schema):
    described(bundle)
    path = bundle / "classifier.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"schema": schema}))

    with pytest.raises(StorageError, match=rf"has schema {schema!r}, and this version of earmark reads schema 1"):
        load_bundle(bundle)


def test_weights_of_a_wrong_shape_are_named(bundle):
    turn_a_weight(bundle)

    with pytest.raises(StorageError, match=r"damaged or incomplete.*network\.head\.4\.weight"):
        load_bundle(bundle)


def test_support_vectors_of_another_size_are_refused(tmp_path):
    save_bundle(tmp_path / "bundle", *build("svm", "statistics"))
    weights = load_file(tmp_path / "bundle" / "weights.safetensors")
    weights["network.support"] = weights["network.support"][:, :50].contiguous()
    save_file(weights, tmp_path / "bundle" / "weights.safetensors")

    with pytest.raises(StorageError, match="damaged or incomplete"):
        load_bundle(tmp_path / "bundle")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "name", "value"),
    [("random-forest", "roots", 9999), ("random-forest", "feature", 500), ("k-nearest", "y", 7)],
)
def test_what_points_at_nothing_is_refused(tmp_path, network, name, value):
    save_bundle(tmp_path / "bundle", *build(network, "statistics"))
    weights = load_file(tmp_path / "bundle" / "weights.safetensors")
    weights[f"network.{name}"].fill_(value)
    save_file(weights, tmp_path / "bundle" / "weights.safetensors")

    with pytest.raises(StorageError, match="damaged or incomplete"):
        load_bundle(tmp_path / "bundle")


class Tied(nn.Module):
    """Uses one tensor twice, as networks of users may."""

    def __init__(self, n_bins, n_frames):
        super().__init__()
        self.first = nn.Linear(n_bins * n_frames, 3)
        self.second = nn.Linear(n_bins * n_frames, 3)
        self.second.weight = self.first.weight

    def forward(self, features):
        return self.first(features.flatten(1)) + self.second(features.flatten(1).flip(1))


def own_bundle(folder, network=Tied):
    _, blueprint = build()
    blueprint = replace(blueprint, network=OWN, network_settings=own_network(network))
    with torch.random.fork_rng():
        graph = ClassifierGraph(blueprint).eval()
    save_bundle(folder, graph, blueprint)
    return graph, blueprint


def test_weights_that_are_used_twice_are_kept(tmp_path):
    graph, blueprint = own_bundle(tmp_path / "bundle")

    loaded, read = load_bundle(tmp_path / "bundle", own=own_network(Tied))

    with torch.inference_mode():
        assert torch.equal(loaded(sound()), graph(sound()))
    assert read == blueprint
    assert loaded.network.first.weight is loaded.network.second.weight


def test_a_network_of_the_users_own_is_asked_for(tmp_path):
    own_bundle(tmp_path / "bundle")

    with pytest.raises(SettingError, match=r"not one that ships but .*\.Tied: give that"):
        load_bundle(tmp_path / "bundle")


def test_a_bundle_of_the_users_own_network_without_weights_is_incomplete_and_not_of_another(tmp_path):
    own_bundle(tmp_path / "bundle")
    (tmp_path / "bundle" / "weights.safetensors").unlink()

    with pytest.raises(StorageError, match="damaged or incomplete"):
        load_bundle(tmp_path / "bundle", own=own_network(Tied))


@pytest.mark.parametrize("make", [os.mkdir, lambda path: path.write_text("a file"), lambda path: None])
def test_what_is_no_bundle_is_one_line(tmp_path, make):
    make(tmp_path / "thing")

    with pytest.raises(StorageError, match="thing") as caught:
        load_bundle(tmp_path / "thing")

    assert "\n" not in str(caught.value)


def test_an_unfinished_run_without_a_bundle_is_one_line(tmp_path):
    (tmp_path / "config.toml").write_text("")

    with pytest.raises(StorageError, match=r"holds no classifier\.json"):
        load_bundle(tmp_path)


def test_loading_touches_no_random_numbers(bundle):
    torch.manual_seed(3)
    before = torch.get_rng_state()

    load_bundle(bundle)

    assert torch.equal(torch.get_rng_state(), before)


def test_a_cross_validation_in_place_of_a_bundle_is_told_by_name(tmp_path):
    (tmp_path / "cv" / "fold-1").mkdir(parents=True)

    with pytest.raises(StorageError, match=r"is a cross-validation.* name one, such as .*fold-1"):
        load_bundle(tmp_path / "cv")
