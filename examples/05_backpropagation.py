"""Back-propagation
================

How a network learns to add. You carry an error back by hand, train, and ask for sums that it has never met.
"""

import matplotlib.pyplot as plt
import numpy as np

from earmark.scratch import MLP, check_network, sigmoid

# %%
# The task
# --------
#
# Two numbers below one half go in, their sum shall come out. Between them stand five hidden neurons.

generator = np.random.default_rng(0)
x = generator.uniform(0, 0.5, size=(500, 2))
y = x.sum(axis=1, keepdims=True)
mlp = MLP(2, [5], 1, generator=generator)
print("parameters:", mlp.n_parameters, "= 2 x 5 + 5 of the hidden layer, 5 x 1 + 1 of the last")

# %%
# Forward, and back
# -----------------
#
# Forward: :math:`h = s(x W_1 + b_1)` and :math:`y = h W_2 + b_2`, with the error :math:`L = (y - t)^2`. Back: the chain
# rule, from the error to the first weights, each step from the one before (:math:`\odot` multiplies place by place):
#
# .. math:: \frac{\partial L}{\partial y} = 2 (y - t), \quad
#    \frac{\partial L}{\partial W_2} = h^T \frac{\partial L}{\partial y}, \quad
#    \frac{\partial L}{\partial h} = \frac{\partial L}{\partial y} W_2^T, \quad
#    \frac{\partial L}{\partial W_1} = x^T \left( \frac{\partial L}{\partial h} \odot h \odot (1 - h) \right)

first, last, one, truth = mlp.layers[0], mlp.layers[-1], x[:1], y[:1]
h = sigmoid(one @ first.parameters["weights"] + first.parameters["bias"])  # (1, 5)
to_answer = 2 * (h @ last.parameters["weights"] + last.parameters["bias"] - truth)  # (1, 1)
to_hidden = to_answer @ last.parameters["weights"].T  # (1, 5)
to_first = one.T @ (to_hidden * h * (1 - h))  # (2, 5), as the first weights
mlp.backpropagate(one, truth)
print("by hand, first row:", to_first[0].round(4))
print("the network's own: ", first.gradients["weights"][0].round(4))
print(f"off from moving each parameter a little: {max(check_network(mlp, x[:20], y[:20]).values()):.0e} at most")

# %%
# Training
# --------
#
# One example a step, 32, or all 500: an epoch shows all examples once in each case, but takes 500 steps, 16 or one.

figure, axes = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
for batch_size, style in ((500, ":"), (32, "--"), (1, "-")):
    trained = MLP(2, [5], 1, generator=np.random.default_rng(0))
    history = trained.fit(x, y, epochs=30, learning_rate=0.3, batch_size=batch_size)
    axes.semilogy(history.loss, style, label=f"{batch_size} a step")
    print(f"{batch_size:3} a step: error {history.loss[-1]:.6f} after 30 epochs")
axes.set(xlabel="epoch", ylabel="squared error", title="30 epochs")
axes.legend()
print("0.1 + 0.2 and 0.8 + 0.9:", trained.predict([[0.1, 0.2], [0.8, 0.9]]).ravel().round(3))

# %%
# What it has not met
# -------------------
#
# Inside the square that it learnt from, it adds. Outside it does not: it has fitted a surface to examples, and knows
# nothing of sums. Remember it when a network hears sounds unlike those it was trained on.

grid = np.stack(np.meshgrid(*[np.linspace(-0.5, 1, 61)] * 2), axis=-1).reshape(-1, 2)
errors = np.abs(trained.predict(grid)[:, 0] - grid.sum(axis=1)).reshape(61, 61)
figure, axes = plt.subplots(figsize=(5.2, 4.2), layout="constrained")
drawn = axes.imshow(errors, origin="lower", extent=(-0.5, 1, -0.5, 1))
axes.plot([0, 0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5, 0], color="white", linewidth=2)
axes.set(xlabel="first number", ylabel="second number", title="error; learnt from the square only")
figure.colorbar(drawn, ax=axes, label="distance from the true sum")
plt.show()

# %%
# **Try it.** Learn a difference, or a product. Two hidden neurons, or fifty. A learning rate ten times as high.
