"""Activations, and gradients that vanish
======================================

Why one must bend a weighted sum, and why deep networks of sigmoids learn so slowly: measured layer by layer.
"""

import matplotlib.pyplot as plt
import numpy as np

from earmark.scratch import MLP, relu, relu_derivative, sigmoid, sigmoid_derivative, tanh, tanh_derivative

# %%
# Three bends
# -----------
#
# The slopes matter as much as the curves, for the chain rule multiplies them, layer by layer.

z = np.linspace(-5, 5, 401)
styles, slopes = {"sigmoid": "-", "tanh": "--", "relu": ":"}, (sigmoid_derivative, tanh_derivative, relu_derivative)
figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.2), layout="constrained", sharex=True)
for (name, style), curve, slope in zip(styles.items(), (sigmoid, tanh, relu), slopes, strict=True):
    left.plot(z, curve(z), style, label=name)
    right.plot(z, slope(z), style, label=name)
    print(f"{name}: steepest slope {slope(z).max():.2f}; at z = 4 {slope(np.array([4.0]))[0]:.3f}")
left.set(xlabel="weighted sum z", ylabel="answer", ylim=(-1.2, 2))
right.set(xlabel="weighted sum z", ylabel="slope")
left.legend()

# %%
# No bend, no depth
# -----------------
#
# A product of matrices is a matrix: four layers that do not bend are no more than one.

x = np.random.default_rng(0).standard_normal((200, 8))
straight = MLP(8, [16, 16, 16], 1, generator=np.random.default_rng(0), activation="identity")
dense = [layer.parameters["weights"] for layer in straight.layers if layer.parameters]
print("four layers without a bend are one matrix:", np.allclose(straight.forward(x), x @ np.linalg.multi_dot(dense)))

# %%
# How much gradient reaches a layer
# ---------------------------------
#
# Ten hidden layers, fresh weights, one pass back. The size is the root of the mean square over a layer's weights.

y = np.sin(2 * x[:, :1]) * x[:, 1:2]
figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
for name, style in styles.items():
    sizes = []
    for seed in range(5):
        network = MLP(8, [16] * 10, 1, generator=np.random.default_rng(seed), activation=name)
        network.backpropagate(x, y)
        sizes.append([np.sqrt(np.mean(layer.gradients["weights"] ** 2)) for layer in network.layers[:20:2]])  # Dense
    middle = np.exp(np.mean(np.log(sizes), axis=0))  # over the five networks
    axes.semilogy(range(1, 11), middle, f"o{style}", label=name)
    print(f"{name}: the first layer gets {middle[0] / middle[-1]:.1e} of what the last hidden one gets")
axes.set(xlabel="hidden layer, from the input", ylabel="size of the gradient")
axes.legend()

# %%
# And what comes of it
# --------------------
#
# The same task, the same steps, only the bend differs. An error of 1 is what always answering the mean costs.

y = y / y.std()
figure, axes = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
for name, style in styles.items():
    network = MLP(8, [16] * 10, 1, generator=np.random.default_rng(0), activation=name)
    history = network.fit(x, y, epochs=100, batch_size=20, learning_rate=0.02)
    axes.plot(history.loss, style, label=name)
    print(f"{name}: error {history.loss[-1]:.2f} after 100 epochs")
axes.set(xlabel="epoch", ylabel="squared error", title="learning with ten hidden layers")
axes.legend()
plt.show()

# %%
# **Try it.** Two hidden layers: does the sigmoid learn? Multiply the first weights by 4: what do the gradients of tanh
# do? ``Adam`` from ``earmark.scratch`` in place of the plain step.
