"""Networks from first principles in NumPy, to be read: every equation in a docstring, every gradient checked.

Nothing here is used by the rest of the library, and nothing of the rest is used here. It is float64 throughout, time is
the last axis, and whatever needs chance takes a `np.random.Generator`. For real work use `earmark.SoundClassifier`.
"""

from earmark.scratch.activations import (
    relu,
    relu_derivative,
    sigmoid,
    sigmoid_derivative,
    softmax,
    softmax_derivative,
    tanh,
    tanh_derivative,
)
from earmark.scratch.convolution import convolve1d, convolve2d, max_pool1d, max_pool2d
from earmark.scratch.convolutional import Conv1d, Conv2d, MaxPool1d, MaxPool2d
from earmark.scratch.gradient_check import check_layer, check_network, gradient_error, numerical_gradient
from earmark.scratch.layers import Activation, Dense, Dropout, Flatten, Layer
from earmark.scratch.losses import (
    cross_entropy,
    cross_entropy_gradient,
    one_hot,
    squared_error,
    squared_error_gradient,
)
from earmark.scratch.mlp import MLP, Perceptron
from earmark.scratch.network import History, Network
from earmark.scratch.neuron import Neuron
from earmark.scratch.optimisers import Adam, GradientDescent, Momentum, Optimiser
from earmark.scratch.recurrent import LastStep, LSTMCell, RecurrentCell

__all__ = [
    "MLP",
    "Activation",
    "Adam",
    "Conv1d",
    "Conv2d",
    "Dense",
    "Dropout",
    "Flatten",
    "GradientDescent",
    "History",
    "LSTMCell",
    "LastStep",
    "Layer",
    "MaxPool1d",
    "MaxPool2d",
    "Momentum",
    "Network",
    "Neuron",
    "Optimiser",
    "Perceptron",
    "RecurrentCell",
    "check_layer",
    "check_network",
    "convolve1d",
    "convolve2d",
    "cross_entropy",
    "cross_entropy_gradient",
    "gradient_error",
    "max_pool1d",
    "max_pool2d",
    "numerical_gradient",
    "one_hot",
    "relu",
    "relu_derivative",
    "sigmoid",
    "sigmoid_derivative",
    "softmax",
    "softmax_derivative",
    "squared_error",
    "squared_error_gradient",
    "tanh",
    "tanh_derivative",
]
