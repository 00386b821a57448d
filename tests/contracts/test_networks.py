"""What every network of the catalogue must do."""

import pytest
import torch

from earmark.models.catalogue import NETWORKS
from earmark.models.svm import Svm
from earmark.train.svm import fit_svm

SIZES = [(13, 130), (64, 216), (20, 33)]


def build(name, n_bins, n_frames, n_classes=4):
    kind = NETWORKS[name]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return kind.build(n_bins=n_bins, n_frames=n_frames, n_classes=n_classes, settings=kind.settings())


def fitted(name, n_bins, n_frames, n_classes=4):
    network = build(name, n_bins, n_frames, n_classes)
    if isinstance(network, Svm):
        generator = torch.Generator().manual_seed(1)
        features = torch.randn(12, n_bins, n_frames, generator=generator)
        fit_svm(network, features, torch.arange(12).numpy() % n_classes)
    return network.eval()


def features(n, n_bins, n_frames, seed=0):
    return torch.randn(n, n_bins, n_frames, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("n_bins", "n_frames"), SIZES)
def test_it_gives_one_logit_a_class_at_every_size(name, n_bins, n_frames):
    logits = fitted(name, n_bins, n_frames)(features(3, n_bins, n_frames))

    assert logits.shape == (3, 4)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_a_batch_gives_what_each_alone_gives(name):
    network, batch = fitted(name, 20, 33), features(5, 20, 33)

    with torch.inference_mode():
        together = network(batch)
        alone = torch.cat([network(one.unsqueeze(0)) for one in batch])

    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_its_state_put_into_a_fresh_one_gives_the_same_bits(name):
    network, batch = fitted(name, 20, 33), features(5, 20, 33)

    fresh = build(name, 20, 33).eval()
    fresh.load_state_dict(network.state_dict())

    assert torch.equal(fresh(batch), network(batch))


@pytest.mark.parametrize("name", [name for name in NETWORKS if NETWORKS[name].build is not Svm])
def test_a_gradient_reaches_every_weight(name):
    network = build(name, 20, 33).train()

    network(features(8, 20, 33)).square().sum().backward()

    without = [key for key, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert not without


@pytest.mark.parametrize("name", [name for name in NETWORKS if NETWORKS[name].build is not Svm])
def test_it_can_learn_one_batch_by_heart(name):
    network, batch = build(name, 20, 33).train(), features(8, 20, 33)
    y = torch.arange(8) % 4
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)

    for _ in range(100):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(batch), y).backward()
        optimiser.step()

    assert (network.eval()(batch).argmax(1) == y).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_it_says_in_one_line_what_it_is(name):
    assert NETWORKS[name].summary
    assert "\n" not in NETWORKS[name].summary
