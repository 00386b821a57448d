from dataclasses import asdict, dataclass, replace
from functools import partial

import pytest
import torch
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.svm import SVC
from torch import nn
from torch.nn.parameter import is_lazy

from earmark.errors import SettingError
from earmark.models.catalogue import NETWORKS
from earmark.models.cnn import Cnn
from earmark.models.foreign import Foreign
from earmark.models.own import OWN, network_kind, own_network

SIZES = {"n_bins": 4, "n_frames": 5, "n_channels": 2, "n_classes": 3}


class Seen(nn.Module):
    """Remembers what it was built with."""

    def __init__(self, **sizes):
        super().__init__()
        self.sizes = sizes


class Taking(Seen):
    """Takes two of the sizes, and more that has a default."""

    def __init__(self, n_classes, *, n_bins, width=7):
        super().__init__(n_classes=n_classes, n_bins=n_bins, width=width)


def all_sizes(**sizes):
    return Seen(**sizes)


def no_sizes():
    return Seen()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (Taking, {"n_classes": 3, "n_bins": 4, "width": 7}),
        (partial(Taking, width=9), {"n_classes": 3, "n_bins": 4, "width": 9}),
        (all_sizes, SIZES),
        (no_sizes, {}),
        (lambda n_frames: Seen(n_frames=n_frames), {"n_frames": 5}),
    ],
)
def test_what_makes_a_network_is_told_the_sizes_that_its_signature_names(source, expected):
    assert own_network(source).build(**SIZES).sizes == expected


def test_a_module_is_copied_and_starts_from_its_own_weights():
    module = nn.Linear(2, 3)
    network = own_network(module).build(**SIZES)

    assert torch.equal(network.weight, module.weight)
    assert network.weight.data_ptr() != module.weight.data_ptr()


def test_an_estimator_becomes_a_network_that_takes_whole_clips():
    own = own_network(SVC())
    kind = network_kind(OWN, own)

    assert isinstance(own.build(**SIZES), Foreign)
    assert (kind.front_end, kind.whole_clips, kind.learns_in_batches) == ("statistics", True, False)


def test_a_module_is_shown_segments_of_mel_bands():
    kind = network_kind(OWN, own_network(nn.Linear(2, 3)))

    assert (kind.front_end, kind.whole_clips, kind.learns_in_batches) == ("log-mel", False, True)


def test_a_module_with_the_verbs_of_an_estimator_is_a_module():
    class Both(nn.Linear):
        def fit(self): ...

        def get_params(self): ...

    assert not own_network(Both(2, 3)).is_estimator


def test_names_of_the_catalogue_are_what_they_were():
    assert network_kind("cnn", NETWORKS["cnn"].settings()) is NETWORKS["cnn"]
    assert OWN not in NETWORKS


def test_it_says_where_it_comes_from_and_is_written_down_without_itself():
    own = own_network(Taking)

    assert own.path == f"{__name__}.Taking"
    assert own.name == "Taking"
    assert asdict(own) == {"path": own.path}
    assert own == own_network(Taking)


def test_a_configuration_that_holds_it_can_be_changed_around_it():
    @dataclass(frozen=True)
    class Holder:
        settings: object
        seed: int = 0

    changed = replace(Holder(own_network(Taking)), seed=1)

    assert changed.settings.build(**SIZES).sizes["n_bins"] == 4


@pytest.mark.parametrize("source", [object(), 3, "cnn", None, torch.zeros(2)])
def test_what_is_no_network_is_none(source):
    assert own_network(source) is None


@pytest.mark.parametrize(
    ("source", "match"),
    [
        (RandomForestClassifier, r"is the class of an estimator: give one of it, RandomForestClassifier\(\)"),
        (RandomForestRegressor(), "neither predict_proba nor decision_function"),
        (Cnn, "the network Cnn needs settings, and is built with n_bins, n_frames, n_channels, n_classes only"),
        (lambda n_bins, /: n_bins, "needs n_bins"),
        (nn.Linear, "needs in_features, out_features"),
    ],
)
def test_what_cannot_be_built_is_refused_at_once(source, match):
    with pytest.raises(SettingError, match=match) as caught:
        own_network(source)

    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "match"),
    [
        (lambda n_bins: nn.Linear(n_bins, -1), "cannot be built for n_bins=4, n_frames=5, n_channels=2, n_classes=3: "),
        (lambda: 3, "builds 3, not a torch"),
    ],
)
def test_what_fails_while_it_is_built_is_refused_in_one_line(source, match):
    with pytest.raises(SettingError, match=match) as caught:
        own_network(source).build(**SIZES)

    assert "\n" not in str(caught.value)


def test_a_refusal_of_the_builder_is_passed_on_as_it_is():
    def picky():
        raise SettingError("too few bins")

    with pytest.raises(SettingError, match=r"^too few bins$"):
        own_network(picky).build(**SIZES)


def test_a_module_that_cannot_be_copied_is_refused():
    module = nn.Linear(2, 3)
    module.kept = module.weight * 2  # part of a graph: torch copies no such tensor

    with pytest.raises(SettingError, match="the network Linear cannot be built"):
        own_network(module).build(**SIZES)


# ---------------------------------------------------------------- weights that go from one to the next


@pytest.mark.parametrize("kind", ["the same each time", "a part of it", "a view of its weights", "a buffer"])
def test_networks_that_are_made_of_the_same_weights_are_copied(kind):
    shared = nn.BatchNorm1d(3)

    def view():
        made = nn.BatchNorm1d(3)
        made.weight = nn.Parameter(shared.weight.data[:])
        return made

    def buffer():
        made = nn.BatchNorm1d(3)
        made.running_mean = shared.running_mean
        return made

    source = {
        "the same each time": lambda: shared,
        "a part of it": lambda: nn.Sequential(nn.Linear(2, 3), shared),
        "a view of its weights": view,
        "a buffer": buffer,
    }[kind]
    own = own_network(source)
    before = {name: value.clone() for name, value in shared.state_dict().items()}
    for _ in range(3):
        network = own.build(**SIZES)
        with torch.no_grad():
            for value in network.state_dict().values():
                value.add_(1)
    assert all(torch.equal(before[name], value) for name, value in shared.state_dict().items())


def test_networks_that_are_made_anew_are_taken_as_they_are_and_draw_the_same_weights():
    made = []

    def source():
        made.append(nn.Linear(2, 3))
        return made[-1]

    own = own_network(source)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        expected = nn.Linear(2, 3).weight
        torch.manual_seed(5)
        first = own.build(**SIZES)

    assert torch.equal(first.weight, expected)  # the one that was tried out has drawn nothing from the same
    assert first is made[-1]
    assert own.build(**SIZES) is made[-1]
    assert len(made) == 3  # tried out once


def test_lazy_networks_are_made_too():
    assert isinstance(own_network(lambda: nn.Sequential(nn.LazyLinear(3))).build(**SIZES)[0], nn.LazyLinear)


def test_a_lazy_network_that_is_made_each_time_from_the_same_is_copied():
    only = nn.Sequential(nn.Flatten(), nn.LazyLinear(3))
    own = own_network(lambda: only)
    first, second = own.build(**SIZES), own.build(**SIZES)
    first(torch.zeros(2, 4))

    assert first is not second
    assert all(is_lazy(weight) for network in (only, second) for weight in network.parameters())


def test_what_shares_weights_and_cannot_be_copied_is_refused():
    class Single(nn.Linear):
        def __deepcopy__(self, memo):
            raise RuntimeError("there can be only one")

    only = Single(2, 3)
    with pytest.raises(SettingError, match=r"cannot be built .* there can be only one"):
        own_network(lambda: only).build(**SIZES)
