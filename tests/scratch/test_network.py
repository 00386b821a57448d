"""Networks: whole gradients against torch and finite differences, learning against torch, a CNN end to end."""

import itertools

import numpy as np
import pytest
import torch

from earmark.scratch.convolutional import Conv1d, Conv2d, MaxPool1d, MaxPool2d
from earmark.scratch.gradient_check import check_network
from earmark.scratch.layers import Activation, Dense, Dropout, Flatten, Layer
from earmark.scratch.network import History, Network
from earmark.scratch.optimisers import Adam, GradientDescent
from earmark.scratch.recurrent import LastStep, LSTMCell, RecurrentCell


def dense(generator, **how):
    layers = [Dense(3, 4, generator=generator), Activation("tanh"), Dense(4, 2, generator=generator)]
    return Network(layers, generator=generator, **how)


def cnn(generator, *, stride=1, padding="same"):
    return Network(
        [
            Conv2d(1, 4, 3, generator=generator, stride=stride, padding=padding),
            Activation("relu"),
            MaxPool2d(2, padding="same"),
            Conv2d(4, 4, 3, generator=generator),
            Activation("relu"),
            Flatten(),
            Dense(64, 3, generator=generator),
        ],
        loss="cross-entropy",
        generator=generator,
    )


def slopes(n, generator, side=12):
    """Draw small spectrograms of a tone that rises, falls or stays, at any height, in noise."""
    labels = generator.integers(3, size=n)
    starts = generator.integers(2, side - 2, size=n)
    frames = np.arange(side)
    bins = (starts[:, None] + np.array([1, -1, 0])[labels][:, None] * frames) % side  # (n, side)
    pictures = 0.2 * generator.standard_normal((n, 1, side, side))
    pictures[np.arange(n)[:, None], 0, bins, frames] += 1.0
    return pictures, labels


# ---------------------------------------------------------------- gradients


def torch_gradients(x, y, parameters, forward, l1, l2, loss):
    """Let torch work out the gradients of a loss with penalties on the first, third, ... parameter."""
    tensors = [torch.tensor(array, requires_grad=True) for array in parameters]
    outputs = forward(torch.tensor(x), *tensors)
    whole = loss(outputs, torch.tensor(y)) + sum(l1 * w.abs().sum() + l2 * (w**2).sum() for w in tensors[::2])
    whole.backward()
    return whole.item(), [tensor.grad for tensor in tensors]


@pytest.mark.parametrize("loss", ["squared-error", "cross-entropy"])
@pytest.mark.parametrize(("l1", "l2"), [(0, 0), (0.1, 0), (0, 0.2), (0.1, 0.2)])
def test_torch_and_finite_differences_agree_on_a_whole_network_with_penalties(loss, l1, l2):
    generator = np.random.default_rng(0)
    net = dense(generator, loss=loss, l1=l1, l2=l2)
    x = generator.standard_normal((6, 3))
    y = generator.standard_normal((6, 2)) if loss == "squared-error" else generator.integers(2, size=6)
    parameters = [p for layer in net.layers for p in layer.parameters.values()]
    functions = {"squared-error": torch.nn.functional.mse_loss, "cross-entropy": torch.nn.functional.cross_entropy}
    expected, gradients = torch_gradients(
        x, y, parameters, lambda x, w, b, v, c: torch.tanh(x @ w + b) @ v + c, l1, l2, functions[loss]
    )
    assert net.backpropagate(x, y) == pytest.approx(expected, rel=1e-12)
    assert net.loss(x, y) + net.penalty() == pytest.approx(expected, rel=1e-12)
    ours = [g for layer in net.layers for g in layer.gradients.values()]
    for mine, theirs in zip(ours, gradients, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)
    assert max(check_network(net, x, y).values()) < 1e-6


def test_torch_agrees_on_a_whole_cnn():
    generator = np.random.default_rng(0)
    net = cnn(generator)
    x, y = slopes(4, generator)
    parameters = [p for layer in net.layers for p in layer.parameters.values()]
    parameters[4:5] = [parameters[4].T]  # torch's dense weights are (n_outputs, n_inputs)

    def forward(x, w, b, v, c, u, d):
        maps = torch.relu(torch.nn.functional.conv2d(x, w, b, padding=1))
        maps = torch.relu(torch.nn.functional.conv2d(torch.nn.functional.max_pool2d(maps, 2), v, c))
        return torch.nn.functional.linear(maps.flatten(1), u, d)

    expected, gradients = torch_gradients(x, y, parameters, forward, 0, 0, torch.nn.functional.cross_entropy)
    assert net.backpropagate(x, y) == pytest.approx(expected, rel=1e-12)
    gradients[4] = gradients[4].T
    ours = [g for layer in net.layers for g in layer.gradients.values()]
    for mine, theirs in zip(ours, gradients, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)


@pytest.mark.slow
def test_finite_differences_agree_on_a_whole_cnn():
    generator = np.random.default_rng(0)
    x, y = slopes(2, generator)
    errors = check_network(cnn(generator), x, y)
    assert len(errors) == 6
    assert max(errors.values()) < 1e-6


@pytest.mark.parametrize("make", [RecurrentCell, LSTMCell])
def test_finite_differences_agree_on_recurrent_networks_and_raw_waveforms(make):
    generator = np.random.default_rng(0)
    layers = [
        Conv1d(1, 2, 3, generator=generator, stride=2, padding="same"),
        Activation("tanh"),
        MaxPool1d(2),
        make(2, 3, generator=generator),
        LastStep(),
        Dense(3, 2, generator=generator),
    ]
    net = Network(layers, loss="cross-entropy", generator=generator, l1=0.01, l2=0.01)
    errors = check_network(net, generator.standard_normal((3, 1, 16)), [0, 1, 1])
    assert len(errors) == 7
    assert max(errors.values()) < 1e-6


# ---------------------------------------------------------------- learning


def test_torch_learns_the_same_in_full_batches():
    generator = np.random.default_rng(0)
    net = dense(generator, l2=0.01)
    x, y = generator.standard_normal((10, 3)), generator.standard_normal((10, 2))
    tensors = [torch.tensor(p, requires_grad=True) for layer in net.layers for p in layer.parameters.values()]
    history = net.fit(x, y, epochs=15, learning_rate=0.2, batch_size=None)
    losses = []
    for _ in range(15):
        w, b, v, c = tensors
        loss = torch.nn.functional.mse_loss(torch.tanh(torch.tensor(x) @ w + b) @ v + c, torch.tensor(y))
        losses.append(loss.item())
        (loss + 0.01 * ((w**2).sum() + (v**2).sum())).backward()
        for tensor in tensors:
            tensor.data -= 0.2 * tensor.grad
            tensor.grad = None
    np.testing.assert_allclose(history.loss, losses, rtol=1e-10)
    np.testing.assert_allclose(net.layers[0].parameters["weights"], tensors[0].detach(), rtol=1e-9)


class Counting(Layer):
    """Lets everything pass, and remembers the batches that came along."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x, *, training=False):
        if training:
            self.seen.append(np.asarray(x)[:, 0].tolist())
        return np.asarray(x)

    def backward(self, gradient):
        return np.asarray(gradient)


@pytest.mark.parametrize(("batch_size", "expected"), [(1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (100, [7]), (None, [7])])
def test_every_example_comes_along_once_an_epoch_in_batches_and_in_a_new_order(batch_size, expected):
    layer = Counting()
    net = Network([layer, Dense(1, 1, generator=np.random.default_rng(0))], generator=np.random.default_rng(0))
    x = np.arange(7.0)[:, None]
    net.fit(x, x, epochs=2, batch_size=batch_size, learning_rate=1e-3)
    assert [len(batch) for batch in layer.seen] == expected * 2
    first, second = (list(itertools.chain(*part)) for part in np.array_split(np.array(layer.seen, object), 2))
    assert sorted(first) == sorted(second) == list(range(7))
    assert first != second


def test_the_history_is_the_mean_over_examples_also_where_the_last_batch_is_short():
    net = Network([Dense(1, 1, generator=np.random.default_rng(0))], generator=np.random.default_rng(0))
    x, y = np.arange(5.0)[:, None], np.ones((5, 1))
    before = net.loss(x, y)
    history = net.fit(x, y, epochs=1, batch_size=2, learning_rate=1e-15)
    assert history.loss == [pytest.approx(before)]
    assert history.validation_loss == []


def test_validation_examples_are_measured_and_not_learnt_from():
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((8, 3)), generator.standard_normal((8, 2))
    alone, watched = (dense(np.random.default_rng(1)) for _ in range(2))
    first = alone.fit(x, y, epochs=3)
    second = watched.fit(x, y, epochs=3, validation=(x + 1, y))
    assert first.loss == second.loss
    assert second.validation_loss[-1] == watched.loss(x + 1, y)
    assert len(second.validation_loss) == 3


def test_the_same_seed_learns_the_same():
    def weights():
        generator = np.random.default_rng(4)
        x = generator.standard_normal((20, 3))
        net = Network([Dropout(0.3, generator=generator), *dense(generator).layers], generator=generator)
        net.fit(x, x[:, :2], epochs=2, batch_size=4)
        return net.layers[1].parameters["weights"]

    np.testing.assert_array_equal(weights(), weights())


def test_fitting_again_goes_on_and_an_optimiser_keeps_its_momentum():
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((8, 3)), generator.standard_normal((8, 2))
    at_once, twice = (dense(np.random.default_rng(1)) for _ in range(2))
    at_once.fit(x, y, epochs=4, batch_size=None, optimiser=Adam(0.1))
    optimiser = Adam(0.1)
    for _ in range(2):
        twice.fit(x, y, epochs=2, batch_size=None, optimiser=optimiser)
    for one, other in zip(at_once.layers, twice.layers, strict=True):
        for name, parameter in one.parameters.items():
            np.testing.assert_allclose(parameter, other.parameters[name], rtol=1e-12)


def test_l1_brings_useless_weights_nearer_to_zero_than_useful_ones():
    generator = np.random.default_rng(0)
    x = generator.standard_normal((100, 5))
    net = Network([Dense(5, 1, generator=generator)], generator=generator, l1=0.1)
    net.fit(x, x[:, :1], epochs=300, batch_size=None, learning_rate=0.05)
    weights = np.abs(net.layers[0].parameters["weights"][:, 0])
    assert weights[0] > 0.9
    assert weights[1:].max() < 0.03


def test_l2_keeps_weights_small():
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((10, 3)), generator.standard_normal((10, 2))
    norms = []
    for l2 in (0.0, 0.1):
        net = dense(np.random.default_rng(1), l2=l2)
        net.fit(x, y, epochs=200, batch_size=None, learning_rate=0.2)
        norms.append(np.abs(net.layers[0].parameters["weights"]).sum())
    assert norms[1] < norms[0] / 2


@pytest.mark.slow
def test_a_small_cnn_learns_to_tell_rising_falling_and_steady_tones_it_has_not_seen():
    generator = np.random.default_rng(0)
    net = cnn(generator)
    history = net.fit(*slopes(300, generator), epochs=12, batch_size=16, optimiser=Adam(0.01))
    assert history.loss[-1] < 0.1 < history.loss[0]
    assert net.accuracy_score(*slopes(300, generator)) > 0.95


@pytest.mark.slow
@pytest.mark.parametrize("make", [RecurrentCell, LSTMCell])
def test_a_recurrent_network_learns_to_tell_what_it_heard_first(make):
    generator = np.random.default_rng(0)
    x = 0.3 * generator.standard_normal((200, 2, 8))
    labels = generator.integers(2, size=200)
    x[:, 0, 0] += 2.0 * labels - 1.0
    layers = [make(2, 6, generator=generator), LastStep(), Dense(6, 2, generator=generator)]
    net = Network(layers, loss="cross-entropy", generator=generator)
    net.fit(x[:100], labels[:100], epochs=30, batch_size=10, optimiser=Adam(0.02))
    assert net.accuracy_score(x[100:], labels[100:]) > 0.95


# ---------------------------------------------------------------- answers


def test_predictions_are_probabilities_with_the_cross_entropy_and_outputs_without():
    x = np.random.default_rng(2).standard_normal((5, 3))
    net = dense(np.random.default_rng(0))
    np.testing.assert_array_equal(net.predict(x), net.forward(x))
    probable = dense(np.random.default_rng(0), loss="cross-entropy")
    np.testing.assert_allclose(probable.predict(x).sum(axis=1), 1.0)
    np.testing.assert_array_equal(probable.predict(x).argmax(axis=1), probable.classify(x))
    assert probable.accuracy_score(x, probable.classify(x)) == 1.0
    assert probable.accuracy_score(x, 1 - probable.classify(x)) == 0.0


def test_targets_in_lists_of_whole_numbers_are_read_as_floats_and_ragged_ones_refused():
    net = dense(np.random.default_rng(0))
    net.fit([[0, 0, 1], [1, 1, 0]], [[0, 1], [1, 0]], epochs=1)
    probable = dense(np.random.default_rng(0), loss="cross-entropy")
    probable.fit([[0, 0, 1], [1, 1, 0]], [[0, 1], [1, 0]], epochs=1)
    for one in (net, probable):
        with pytest.raises(ValueError, match=r"y must have the shape .*; got rows of different lengths"):
            one.fit([[0, 0, 1], [1, 1, 0]], [[0, 1], [1]], epochs=1)


def test_parameters_are_counted():
    assert dense(np.random.default_rng(0)).n_parameters == 3 * 4 + 4 + 4 * 2 + 2
    assert Network([Flatten()], generator=np.random.default_rng(0)).n_parameters == 0
    assert History() == History([], [])


# ---------------------------------------------------------------- what cannot be

X, Y = np.ones((4, 3)), np.ones((4, 2))


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda n: n.fit(X, Y[:3], epochs=1), ValueError, r"as many examples; got the shapes \(4, 3\) and \(3, 2\)"),
        (lambda n: n.fit(X, 1.0, epochs=1), ValueError, r"as many examples; got the shapes \(4, 3\) and \(\)"),
        (lambda n: n.fit(X, Y[:, 0], epochs=1), ValueError, r"targets must have the shape \(4, 2\); got \(4,\)"),
        (lambda n: n.fit(X[:, :2], Y, epochs=1), ValueError, r"x must have the shape \(n, 3\); got \(1, 2\)"),
        (lambda n: n.fit(X * np.nan, Y, epochs=1), ValueError, r"x must hold finite numbers; .* \(4, 3\)"),
        (lambda n: n.fit(X, Y * np.nan, epochs=1), ValueError, "y must hold finite numbers"),
        (lambda n: n.fit(X.astype(int), Y, epochs=1), TypeError, r"x must hold floats; got int64 of shape \(4, 3\)"),
        (lambda n: n.fit(X, Y.astype(int), epochs=1), TypeError, "y must hold floats; got int64"),
        (lambda n: n.fit(X[:0], Y[:0], epochs=1), ValueError, r"got \(0, 3\), which is empty"),
        (lambda n: n.fit(X, Y, epochs=0), ValueError, "epochs must be at least 1; got 0"),
        (lambda n: n.fit(X, Y, epochs=1, batch_size=0), ValueError, "batch_size must be at least 1; got 0"),
        (lambda n: n.fit(X, Y, epochs=1, batch_size=2.5), TypeError, "batch_size must be a whole number"),
        (lambda n: n.fit(X, Y, epochs=1, learning_rate=-1), ValueError, "learning_rate must be above 0; got -1"),
        (lambda n: n.fit(X, Y, epochs=1, learning_rate=1, optimiser=Adam()), ValueError, "got both"),
        (lambda n: n.fit(X, Y, epochs=1, optimiser="adam"), TypeError, "optimiser must have update.* got 'adam'"),
        (lambda n: n.fit(X, Y, epochs=1, optimiser=Adam), TypeError, r"as Adam\(\) has; got <class"),
        (lambda n: n.fit(X, Y, epochs=1, validation=X), ValueError, r"a pair \(x, y\); got a ndarray: too many"),
        (lambda n: n.fit(X, Y, epochs=1, validation=3), ValueError, r"must be a pair \(x, y\); got a int"),
        (lambda n: n.fit(X, Y, epochs=1, validation=(X * np.nan, Y)), ValueError, "validation's x must hold finite"),
        (lambda n: n.predict(X[0]), ValueError, r"x must have the shape \(n, 3\); got \(3,\)"),
        (lambda n: n.accuracy_score(X, [0.0] * 4), TypeError, "labels must be whole numbers from 0 to 1"),
        (lambda n: n.accuracy_score(X, [0, 1]), ValueError, r"labels must have the shape \(4,\)"),
        (lambda n: Network([], generator=n.generator), ValueError, "layers must be at least one"),
        (lambda n: Network(n.layers[0], generator=n.generator), TypeError, r"got one Dense: write \[layer\]"),
        (lambda n: Network([Dense], generator=n.generator), TypeError, "layers must be earmark.scratch layers"),
        (lambda n: Network([Flatten()], generator=1), TypeError, "generator must be a np.random.Generator"),
        (lambda n: dense(n.generator, loss="mse"), ValueError, "loss must be one of squared-error, cross-entropy"),
        (lambda n: dense(n.generator, l1=-1), ValueError, "l1 must be 0 or more; got -1"),
        (lambda n: dense(n.generator, l2=np.nan), ValueError, "l2 must be 0 or more; got nan"),
    ],
)
def test_what_does_not_fit_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call(dense(np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("y", "validation"),
    [([0, 1, 1, 2], None), ([0, 1, 1, 0], (X, [0, 1, 1])), ([0, 1, 1, 0], (X[:, :2], [0, 1, 1, 0]))],
)
def test_a_network_that_is_refused_its_targets_has_learnt_nothing_from_those_that_fit(y, validation):
    net = dense(np.random.default_rng(0), loss="cross-entropy")
    before = net.predict(X)
    with pytest.raises(ValueError, match="must"):
        net.fit(X, y, epochs=5, validation=validation)
    np.testing.assert_array_equal(net.predict(X), before)


def test_a_learning_rate_that_is_too_high_is_said_to_be():
    net = dense(np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"the weights grew to .*: the learning rate is too high; divide it by 10"):
        net.fit(X, Y, epochs=1000, optimiser=GradientDescent(1e5))
