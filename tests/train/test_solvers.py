import inspect

import pytest
from torch import nn

from earmark.models.catalogue import NETWORKS
from earmark.train.solvers import SOLVERS, solver_of

AT_ONCE = [name for name, kind in NETWORKS.items() if not kind.learns_in_batches]


def built(name):
    kind = NETWORKS[name]
    return kind.build(n_bins=13, n_frames=44, n_classes=2, settings=kind.settings())


@pytest.mark.parametrize("name", AT_ONCE)
def test_every_network_that_is_not_trained_in_batches_has_its_solver(name):
    assert solver_of(built(name)) is not None


@pytest.mark.parametrize("name", ["cnn", "mlp", "lstm"])
def test_what_is_trained_in_batches_has_none(name):
    assert solver_of(built(name)) is None


def test_what_only_looks_like_one_has_none():
    assert solver_of(nn.Linear(2, 2)) is None


@pytest.mark.parametrize("solver", SOLVERS.values())
def test_every_solver_can_be_called_in_one_way(solver):
    inspect.signature(solver).bind(None, None, None, seed=0)


def test_nobody_can_change_them():
    with pytest.raises(TypeError):
        SOLVERS[nn.Linear] = None
