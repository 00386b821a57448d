"""What every network of the catalogue must do."""

import json
import re
from dataclasses import asdict, dataclass, field

import pytest
import torch

from earmark.errors import SettingError
from earmark.features.recipe import make_settings
from earmark.models.catalogue import NETWORKS
from earmark.train.solvers import solver_of


@dataclass(frozen=True)
class Sizes:
    """What a network is shown: the first size in every test, all of them where it may take any that it allows."""

    sizes: list[tuple[int, int]]  # bins, frames
    settings: dict = field(default_factory=dict)
    learning_rate: float = 1e-3
    n_steps: int = 60


ANY = [(20, 33), (13, 130), (64, 216)]

SHOWN = {
    "alexnet": Sizes([(63, 111), (75, 150)], settings={"padded": True}, learning_rate=2e-4, n_steps=30),
    "cnn": Sizes([*ANY, (11, 11)]),
    "cnn-small": Sizes([*ANY, (10, 10)]),
    "gru": Sizes([*ANY, (1, 1)], learning_rate=5e-3),
    "k-nearest": Sizes([*ANY, (65, 1)]),
    "logistic": Sizes([*ANY, (65, 1)]),
    "lstm": Sizes([*ANY, (1, 1)], learning_rate=5e-3),
    "lstm-multiscale": Sizes([*ANY, (1, 8)], learning_rate=5e-3),
    "mlp": Sizes([*ANY, (1, 1)]),
    "mlp-regularised": Sizes([*ANY, (1, 1)]),
    "random-forest": Sizes([*ANY, (65, 1)]),
    "resnet-mel": Sizes([*ANY, (1, 1)]),
    "svm": Sizes([*ANY, (65, 1)]),
    "two-branch": Sizes([(26, 33), (77, 130), (24, 11)]),
    "wave-cnn": Sizes([(1, 30584), (1, 65536), (2, 40000)], learning_rate=2e-2),
}
CASES = [(name, size) for name, shown in SHOWN.items() for size in shown.sizes]
LEARNING = [name for name in SHOWN if NETWORKS[name].learns_in_batches]


def build(name, size=None, n_channels=1, seed=0):
    kind, shown = NETWORKS[name], SHOWN[name]
    n_bins, n_frames = size or shown.sizes[0]
    settings = kind.settings(**shown.settings)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return kind.build(n_bins=n_bins, n_frames=n_frames, n_channels=n_channels, n_classes=4, settings=settings)


def features(n, name, size=None, n_channels=None, seed=0):
    channels = () if n_channels is None else (n_channels,)
    shape = (n, *channels, *(size or SHOWN[name].sizes[0]))
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def fitted(name, size=None, n_channels=None):
    network = build(name, size, n_channels or 1)
    solver = solver_of(network)
    if solver:
        solver(network, features(12, name, size, n_channels, seed=1), torch.arange(12).numpy() % 4, seed=0)
    return network.eval()


def test_every_network_is_shown_something_here():
    assert set(SHOWN) == set(NETWORKS)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), CASES)
def test_it_gives_one_logit_a_class_at_every_size(name, size):
    with torch.inference_mode():
        logits = fitted(name, size)(features(3, name, size))

    assert logits.shape == (3, 4)
    assert torch.isfinite(logits).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("size", [(1, 1), (64, 1), (1, 2), (64, 4)])
def test_features_that_are_too_small_are_taken_or_refused_in_one_line(name, size):
    try:
        network = fitted(name, size)
    except SettingError as error:
        said = str(error)
    else:
        assert network(features(2, name, size)).shape == (2, 4)
        return

    assert re.fullmatch(rf"the network '{name}' needs .*", said)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
def test_it_takes_features_with_channels(name):
    with torch.inference_mode():
        assert fitted(name, n_channels=3)(features(2, name, n_channels=3)).shape == (2, 4)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
def test_one_channel_is_the_same_as_none(name):
    network, batch = fitted(name), features(2, name)

    with torch.inference_mode():
        assert torch.equal(network(batch.unsqueeze(1)), network(batch))


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
def test_every_value_counts_that_it_is_given_in_the_first_and_in_the_last_bin_and_frame(name):
    network, batch = fitted(name), features(1, name)
    one_side = batch.clone()
    one_side[:, 0], one_side[:, :, : one_side.shape[2] // 2] = 3.0, 2.0
    other_side = batch.clone()
    other_side[:, -1], other_side[:, :, one_side.shape[2] // 2 :] = 3.0, 2.0

    with torch.inference_mode():
        assert not torch.allclose(network(batch), network(one_side), rtol=1e-7, atol=0)
        assert not torch.allclose(network(batch), network(other_side), rtol=1e-7, atol=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
def test_a_batch_gives_what_each_alone_gives(name):
    network, batch = fitted(name), features(5, name)

    with torch.inference_mode():
        together = network(batch)
        alone = torch.cat([network(one.unsqueeze(0)) for one in batch])

    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
def test_its_state_put_into_a_fresh_one_gives_the_same_bits(name):
    network, batch = fitted(name), features(5, name)
    kept = {key: tensor.contiguous().clone() for key, tensor in network.state_dict().items()}  # as files hold it

    fresh = build(name).eval()
    with torch.no_grad():
        for weight in fresh.parameters():
            weight.fill_(7.0)
    fresh.load_state_dict(kept)

    with torch.inference_mode():
        assert torch.equal(fresh(batch), network(batch))


@pytest.mark.parametrize("name", LEARNING)
def test_a_gradient_reaches_every_weight(name):
    network = build(name).train()

    network(features(8, name)).square().sum().backward()

    without = [key for key, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert not without


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNING)
def test_it_can_learn_one_batch_by_heart(name):
    network, batch, shown = build(name).train(), features(8, name), SHOWN[name]
    y = torch.arange(8) % 4
    optimiser = torch.optim.Adam(network.parameters(), lr=shown.learning_rate)

    with torch.random.fork_rng():
        torch.manual_seed(0)
        for _ in range(shown.n_steps):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(network(batch), y).backward()
            optimiser.step()

    assert (network.eval()(batch).argmax(1) == y).all()


@pytest.mark.parametrize("name", LEARNING)
def test_the_same_seed_gives_the_same_weights_and_another_gives_others(name):
    first, again, other = (build(name, seed=seed).state_dict() for seed in (0, 0, 1))

    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], tensor) for key, tensor in other.items())


@pytest.mark.parametrize("name", SHOWN)
def test_its_settings_go_through_json_and_back(name):
    settings = NETWORKS[name].settings(**SHOWN[name].settings)

    assert make_settings(type(settings), json.loads(json.dumps(asdict(settings)))) == settings


@pytest.mark.parametrize("name", SHOWN)
def test_its_settings_cannot_be_changed(name):
    settings = NETWORKS[name].settings()

    with pytest.raises(AttributeError):
        setattr(settings, next(iter(asdict(settings))), 1)


@pytest.mark.parametrize("name", SHOWN)
def test_it_says_in_one_line_what_it_is(name):
    summary = NETWORKS[name].summary

    assert 10 < len(summary) < 90
    assert "\n" not in summary


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
def test_it_is_exported_as_one_graph_that_takes_any_batch(name):
    network = fitted(name)
    batch = torch.export.Dim("batch")

    exported = torch.export.export(network, (features(3, name),), dynamic_shapes=({0: batch},)).module()

    for n in (1, 2, 5):
        with torch.inference_mode():
            expected, got = network(features(n, name, seed=n)), exported(features(n, name, seed=n))
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNING)
def test_half_precision_gives_about_the_same(name):
    network, batch = fitted(name), features(4, name)

    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        half = network(batch).float()
    with torch.inference_mode():
        full = network(batch)

    torch.testing.assert_close(half, full, rtol=0.1, atol=0.1 * float(full.abs().max()))
