"""From matrix to perceptron
=========================

Many neurons at once are one matrix. You multiply a batch of sounds with it, watch it learn to tell three drums apart,
and read in its weights what it listens to.
"""

import matplotlib.pyplot as plt
import numpy as np

from earmark.scratch import Neuron, Perceptron, softmax

# %%
# Drums as rows of numbers
# ------------------------
#
# A kick is a low tone that falls, a snare a tone with noise, a hi-hat high noise; no two strokes are alike. Of each we
# keep the energy in twelve bands, in decibels: one row of a matrix.

DRUMS = ("kick", "snare", "hat")
time_s = np.arange(4410) / 22050
edges_hz = np.geomspace(40, 11025, 13)
middles_hz = np.sqrt(edges_hz[:-1] * edges_hz[1:])
band = np.digitize(np.fft.rfftfreq(4410, 1 / 22050), edges_hz)


def strike(drum, generator):
    """Return the energies in dB (12,) of one stroke in a noisy room."""
    pitch_hz = generator.uniform(50, 90) if drum == "kick" else generator.uniform(160, 260)
    tone = np.sin(2 * np.pi * pitch_hz * (time_s + 0.1 * (1 - np.exp(-time_s / 0.03))))
    hiss = generator.standard_normal(4410)
    mix = {"kick": tone, "snare": tone + 0.5 * hiss, "hat": np.diff(hiss, 2, append=[0, 0])}[drum]
    sound = mix * np.exp(-time_s / generator.uniform(0.03, 0.1)) + 0.05 * generator.standard_normal(4410)
    power = np.abs(np.fft.rfft(sound)) ** 2
    return 10 * np.log10([power[band == number].sum() for number in range(1, 13)])


generator = np.random.default_rng(0)
labels = np.arange(120) % 3
energies = np.array([strike(DRUMS[label], generator) for label in labels])
learnt, asked = slice(60), slice(60, 120)
x = (energies - energies[learnt].mean(axis=0)) / energies[learnt].std(axis=0)  # every band counts alike

# %%
# One matrix, many neurons
# ------------------------
#
# The weights of one neuron are a column. Three neurons are three columns, and one product answers for all rows and all
# neurons: :math:`Y = X W + b`, shapes (60, 12) times (12, 3) gives (60, 3).

perceptron = Perceptron(12, 3, generator=generator, loss="cross-entropy", l2=0.01)
weights, bias = perceptron.layers[0].parameters["weights"], perceptron.layers[0].parameters["bias"]
product = x[learnt] @ weights + bias
print("shapes:", x[learnt].shape, "@", weights.shape, "->", product.shape)
alone = [Neuron(column, shift).weighted_sum(x[learnt]) for column, shift in zip(weights.T, bias, strict=True)]
print("the same, neuron by neuron:", np.allclose(product.T, alone))
print("before learning:", f"{perceptron.accuracy_score(x[asked], labels[asked]):.0%} of the other 60 strokes right")

# %%
# *Softmax* turns scores into probabilities; the loss, the cross-entropy, asks for a high one at the true drum.

history = perceptron.fit(x[learnt], labels[learnt], epochs=100, batch_size=None, learning_rate=0.5)
print("after:", f"{perceptron.accuracy_score(x[asked], labels[asked]):.0%}, loss {history.loss[-1]:.3f}")
scores = perceptron.forward(x[60:66])
print(f"softmax of a {DRUMS[labels[60]]}:", dict(zip(DRUMS, softmax(scores[0]).round(2).tolist(), strict=True)))
figure, axes = plt.subplots(2, 2, figsize=(7, 4.8), layout="constrained", width_ratios=(3, 2))
shown = ((axes[0, 0], "X: six sounds by bands", x[60:66]), (axes[1, 0], "W, on its side", weights.T))
for ax, title, matrix in (*shown, (axes[0, 1], "X W + b: scores", scores)):
    top = np.abs(matrix).max()
    figure.colorbar(ax.imshow(matrix, aspect="auto", cmap="PuOr", vmin=-top, vmax=top), ax=ax)
    ax.set(title=title, yticks=range(len(matrix)), yticklabels=(DRUMS * 2)[: len(matrix)])
plt.setp(axes[:, 0], xticks=range(1, 12, 3), xticklabels=[f"{hz:.0f} Hz" for hz in middles_hz[1::3]])
axes[0, 1].set(xticks=range(3), xticklabels=DRUMS)
axes[1, 1].semilogy(history.loss)
axes[1, 1].set(xlabel="epoch", ylabel="loss", title="learning")
plt.show()

# %%
# **Try it.** Which band speaks most for each drum? Make the room five times as noisy. Learn from six strokes only.
