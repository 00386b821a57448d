"""The notebooks' five networks in plain PyTorch and in Keras, for `networks.py` to measure beside earmark's.

Nothing of earmark is loaded here, and torch and TensorFlow only where they are used: an interpreter that has one of
them alone can run it.
"""

import os
import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

N_SEGMENTS, N_CLASSES = 32, 10
MFCC, WAVE, PICTURE = (13, 130), (1, 65_536), (4, 300, 600)
SHAPES: dict[str, tuple[int, ...]] = {
    "mlp": MFCC,
    "cnn": MFCC,
    "lstm": MFCC,
    "wave-cnn": WAVE,
    "alexnet": PICTURE,
    "mlp-regularised": MFCC,
    "cnn-small": MFCC,
    "gru": MFCC,
    "lstm-multiscale": MFCC,
    "two-branch": (77, 130),
    "resnet-mel": (64, 251),
}
N_WARM = 3


def median_ms(step: Callable[[], object], seconds: float) -> float:
    """Return the median milliseconds of a step, after some that do not count."""
    for _ in range(N_WARM):
        began = time.perf_counter()
        step()
        once_s = time.perf_counter() - began
    times = []
    for _ in range(min(300, max(5, int(seconds / once_s)))):
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


def batch_of(shape: tuple[int, ...]) -> Any:  # noqa: ANN401 - torch is loaded after the allocator is set
    """Return features and classes of a random batch, both the same for each way."""
    import torch  # noqa: PLC0415 - after the allocator is set

    generator = torch.Generator().manual_seed(0)
    return torch.randn(N_SEGMENTS, *shape, generator=generator), torch.arange(N_SEGMENTS) % N_CLASSES


def count_weights(network: "nn.Module") -> int:
    """Return how many numbers are learnt."""
    return sum(weight.numel() for weight in network.parameters())


# ---------------------------------------------------------------- plain PyTorch


def measure_plain(name: str, seconds: float) -> dict[str, float]:
    """Return what a step of plain PyTorch takes: its default layout, memory and optimiser."""
    import torch  # noqa: PLC0415 - the interpreter of Keras need not have it
    from torch.nn import functional  # noqa: PLC0415 - as above

    torch.manual_seed(0)
    features, y = batch_of(SHAPES[name])
    network = plain_network(name)
    with torch.no_grad():
        network(features[:2])  # sizes its lazy layers
    network.train()
    if name == "alexnet":
        optimiser: torch.optim.Optimizer = torch.optim.Adamax(network.parameters(), lr=5e-4)
    else:
        optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)

    def step() -> None:
        optimiser.zero_grad()
        functional.cross_entropy(network(features), y).backward()
        optimiser.step()

    return {"ms": median_ms(step, seconds), "weights": count_weights(network)}


def plain_network(name: str) -> "nn.Module":
    """Return one of the five, written down as a tutorial would."""
    from torch import nn  # noqa: PLC0415 - the interpreter of Keras need not have it

    def dense(*sizes: int) -> list[nn.Module]:
        return [layer for size in sizes for layer in (nn.LazyLinear(size), nn.ReLU())]

    def block(n_in: int, kernel: int, padding: int) -> list[nn.Module]:
        pooling = nn.MaxPool2d(kernel, 2, padding=padding, ceil_mode=not padding)
        return [nn.Conv2d(n_in, 32, kernel), nn.ReLU(), pooling, nn.BatchNorm2d(32)]

    def wave(n_in: int) -> list[nn.Module]:
        return [nn.Conv1d(n_in, 10, 9, padding=4), nn.ReLU(), nn.MaxPool1d(16, padding=4)]

    match name:
        case "mlp":
            layers = [nn.Flatten(), *dense(512, 256, 64)]
        case "cnn":
            blocks = [*block(1, 3, 1), *block(32, 3, 1), *block(32, 2, 0)]
            layers = [nn.Unflatten(1, (1, 13)), *blocks, nn.Flatten(), *dense(64), nn.Dropout(0.3)]
        case "lstm":
            return plain_lstm()
        case "wave-cnn":
            layers = [*wave(1), *wave(10), *wave(10), *wave(10), nn.Flatten()]
        case _:
            layers = plain_alexnet()
    return nn.Sequential(*layers, nn.LazyLinear(N_CLASSES))


def plain_lstm() -> "nn.Module":
    """Return two layers of LSTM, of which the last state counts."""
    from torch import Tensor, nn  # noqa: PLC0415 - the interpreter of Keras need not have it

    class Memory(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(13, 64, num_layers=2, batch_first=True)
            self.head = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, N_CLASSES))

        def forward(self, features: Tensor) -> Tensor:
            states, _ = self.lstm(features.transpose(1, 2))
            logits: Tensor = self.head(states[:, -1])
            return logits

    return Memory()


def plain_alexnet() -> "list[nn.Module]":
    """Return the layers for pictures, without the classes."""
    from torch import nn  # noqa: PLC0415 - the interpreter of Keras need not have it

    convolutions = [nn.Conv2d(4, 64, 11, 4), nn.PReLU(64), nn.MaxPool2d(3, (2, 4))]
    convolutions += [nn.Conv2d(64, 128, 5), nn.PReLU(128), nn.MaxPool2d(3, 2)]
    convolutions += [nn.Conv2d(128, 256, 3), nn.PReLU(256), nn.Conv2d(256, 256, 3), nn.PReLU(256)]
    convolutions += [nn.Conv2d(256, 256, 3), nn.PReLU(256), nn.MaxPool2d(3, 2)]
    dense = [nn.Flatten(), nn.Dropout(0.5), nn.LazyLinear(256), nn.PReLU(256), nn.Linear(256, 256), nn.PReLU(256)]
    return [*convolutions, *dense]


# ---------------------------------------------------------------- Keras


def measure_keras(name: str, seconds: float) -> dict[str, float]:
    """Return what a step of Keras takes, compiled and called by itself."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    import tensorflow as tf  # noqa: PLC0415 - in this process alone

    tf.config.threading.set_intra_op_parallelism_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras = tf.keras
    shape, layers = KERAS[name](keras.layers)
    network = keras.Sequential([keras.layers.Input(shape), *layers, keras.layers.Dense(N_CLASSES)])
    features = tf.random.normal((N_SEGMENTS, *shape), seed=0)
    y = tf.range(N_SEGMENTS) % N_CLASSES
    adamax = name == "alexnet"
    optimiser = keras.optimizers.Adamax(5e-4) if adamax else keras.optimizers.Adam(1e-3)
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def step() -> Any:  # noqa: ANN401 - a tensor of TensorFlow
        with tf.GradientTape() as tape:
            loss = cross_entropy(y, network(features, training=True))
        optimiser.apply_gradients(zip(tape.gradient(loss, network.trainable_variables), network.trainable_variables))  # noqa: B905 - traced
        return loss

    n_weights = sum(int(tf.size(weight)) for weight in network.trainable_variables)
    return {"ms": median_ms(lambda: step().numpy(), seconds), "weights": n_weights}


def keras_mlp(layers: Any) -> Any:  # noqa: ANN401 - TensorFlow has no types here
    """Return the shape of what goes in, and the layers before the classes."""
    return (130, 13), [layers.Flatten(), *(layers.Dense(size, "relu") for size in (512, 256, 64))]


def keras_cnn(layers: Any) -> Any:  # noqa: ANN401 - as above
    """Return the shape of what goes in, and the layers before the classes."""
    blocks = [
        layer
        for kernel in (3, 3, 2)
        for layer in (
            layers.Conv2D(32, kernel, activation="relu"),
            layers.MaxPooling2D(kernel, 2, padding="same"),
            layers.BatchNormalization(),
        )
    ]
    return (130, 13, 1), [*blocks, layers.Flatten(), layers.Dense(64, "relu"), layers.Dropout(0.3)]


def keras_lstm(layers: Any) -> Any:  # noqa: ANN401 - as above
    """Return the shape of what goes in, and the layers before the classes."""
    memories = [layers.LSTM(64, return_sequences=True), layers.LSTM(64)]
    return (130, 13), [*memories, layers.Dense(64, "relu"), layers.Dropout(0.3)]


def keras_wave(layers: Any) -> Any:  # noqa: ANN401 - as above
    """Return the shape of what goes in, and the layers before the classes."""
    blocks = [
        layer
        for _ in range(4)
        for layer in (
            layers.Conv1D(10, 9, padding="same", activation="relu"),
            layers.ZeroPadding1D(4),
            layers.MaxPooling1D(16),
        )
    ]
    return (65_536, 1), [*blocks, layers.Flatten()]


def keras_alexnet(layers: Any) -> Any:  # noqa: ANN401 - as above
    """Return the shape of what goes in, and the layers before the classes."""

    def slope() -> Any:  # noqa: ANN401 - as above
        return layers.PReLU(shared_axes=[1, 2])

    convolutions = [layers.Conv2D(64, 11, 4), slope(), layers.MaxPooling2D(3, (2, 4))]
    convolutions += [layers.Conv2D(128, 5), slope(), layers.MaxPooling2D(3, 2)]
    convolutions += [layer for _ in range(3) for layer in (layers.Conv2D(256, 3), slope())]
    dense = [layers.Dense(256), layers.PReLU(), layers.Dense(256), layers.PReLU()]
    return (300, 600, 4), [*convolutions, layers.MaxPooling2D(3, 2), layers.Flatten(), layers.Dropout(0.5), *dense]


KERAS = {
    "mlp": keras_mlp,
    "cnn": keras_cnn,
    "lstm": keras_lstm,
    "wave-cnn": keras_wave,
    "alexnet": keras_alexnet,
}
