"""One neuron
==========

What a neuron computes, how it learns by walking downhill, and what it can never learn: a single straight line is all it
can draw.
"""

import matplotlib.pyplot as plt
import numpy as np

from earmark.scratch import Neuron, numerical_gradient, sigmoid, squared_error

# %%
# Weigh, add, bend
# ----------------
#
# A neuron multiplies each input with a weight, adds all up with a bias, and bends the sum into a number from 0 to 1:
#
# .. math:: z = w_1 x_1 + w_2 x_2 + b, \qquad y = \frac{1}{1 + e^{-z}}

neuron = Neuron(weights=[2.0, -1.0], bias=0.5)
z = 2.0 * 1.0 - 1.0 * 3.0 + 0.5
print(f"by hand: z = {z}, y = {1 / (1 + np.exp(-z)):.4f}; the neuron: {neuron.forward([1, 3]):.4f}")
figure, axes = plt.subplots(figsize=(6.4, 3), layout="constrained")
axes.plot(np.linspace(-6, 6, 200), sigmoid(np.linspace(-6, 6, 200)))
axes.plot(z, neuron.forward([1, 3]), "o", color="C1", label="this neuron, this input")
axes.set(xlabel="weighted sum z", ylabel="answer y", title="the sigmoid")
axes.legend()

# %%
# Learning
# --------
#
# How wrong it is, is the mean of :math:`(y - t)^2`, where *t* is the truth. The *gradient* says how that error changes
# when a weight changes. Learning is a small step against the gradient, many times. Is the gradient right? Move each
# weight a little and look:

inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
truths = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}
by_chain_rule, _ = neuron.gradients(inputs, truths["AND"])
by_moving = numerical_gradient(lambda w: squared_error(Neuron(w, 0.5).forward(inputs), truths["AND"]), [2, -1])
print("gradient by the chain rule:", by_chain_rule.round(6), "by moving:", by_moving.round(6))

# %%
# Three tasks
# -----------
#
# AND and OR can be cut apart with one straight line. XOR, "one or the other", cannot, whatever the weights: corners
# that belong together lie across from each other.

figure, axes = plt.subplots(1, 3, figsize=(7.2, 3.2), layout="constrained", sharey=True)
square = np.stack(np.meshgrid(*[np.linspace(-0.5, 1.5, 81)] * 2), axis=-1)  # (81, 81, 2)
curves = {}
for ax, (name, targets) in zip(axes, truths.items(), strict=True):
    learner = Neuron.random(2, generator=np.random.default_rng(0))
    curves[name] = learner.fit(inputs, targets, epochs=2000, learning_rate=2.0)
    print(f"{name}: {targets}, answers {learner.forward(inputs).round(2)}, weights {learner.weights.round(1) + 0.0}")
    answers = ax.pcolormesh(*square.T, learner.forward(square).T, cmap="PuOr", vmin=0, vmax=1, shading="gouraud")
    for point, target in zip(inputs, targets, strict=True):
        ax.text(*point, str(target), ha="center", va="center", bbox={"boxstyle": "circle", "fc": "white"})
    ax.set(xlabel="input 1", title=name, xticks=[0, 1], yticks=[0, 1])
axes[0].set_ylabel("input 2")
figure.colorbar(answers, ax=axes, label="answer (white: one half)", location="bottom", shrink=0.5)

# %%
# The error falls towards 0 where a line will do; for XOR it stays at a quarter, which is what "one half" everywhere
# costs.

figure, axes = plt.subplots(figsize=(6.4, 3), layout="constrained")
for (name, losses), style in zip(curves.items(), ("-", "--", ":"), strict=True):
    axes.semilogy(losses, style, label=name)
axes.set(xlabel="epoch", ylabel="squared error", title="learning")
axes.legend()
plt.show()

# %%
# **Try it.** A learning rate of 0.1, or 50. Targets [1, 0, 0, 0]: what is its name? Give the neuron a third input,
# ``x1 * x2``: can it learn XOR now?
