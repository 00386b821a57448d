"""The LSTM, unrolled
==================

A network that reads a sound frame by frame, and remembers. You unroll it in time, see why a plain one forgets, and
watch an LSTM make up its mind while a melody goes on.
"""

import tempfile

import matplotlib.pyplot as plt
import numpy as np
import torch

import earmark
from earmark.audio.read import read_sound
from earmark.audio.write import write_sound
from earmark.models.recurrent import LstmSettings
from earmark.scratch import LSTMCell, RecurrentCell

# %%
# **Sixty steps back.** Unrolled, a recurrent cell is a network as deep as the sound is long. The gradient is multiplied
# at every step on its way back, and fades. An LSTM has a memory line, and where its forget gate *f* is open, it passes:
#
# .. math:: c_t = f_t \, c_{t-1} + i_t \, g_t

rng = np.random.default_rng(0)
noise = 0.3 * rng.normal(size=(32, 8, 60))  # sequences, inputs, steps
at_the_end = np.ones((32, 16, 60)) * (np.arange(60) == 59)  # the answer looks at the last step alone
cells = {"plain cell": RecurrentCell(8, 16, generator=rng), "LSTM, forget gate open": LSTMCell(8, 16, generator=rng)}
cells["LSTM, forget gate open"].parameters["bias"][16:32] = 2.0
figure, axes = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
for (name, cell), style in zip(cells.items(), ("-", "--"), strict=True):
    cell.unroll(noise)
    arriving = np.linalg.norm(cell.backward(at_the_end), axis=1).mean(axis=0)  # of each step's input
    axes.semilogy(np.arange(1, 61), arriving, style, label=name)
    print(f"{name}: the first step counts {arriving[0] / arriving[-1]:.1e} times as much as the last")
axes.legend(title="what reaches each step from the last")
axes.set(xlabel="step", ylabel="size of the gradient")

# %%
# **Melodies** of four shapes. Rising and falling have the same notes, and only the order tells them apart.

shapes = {"rising": [0, 1, 2, 3], "falling": [3, 2, 1, 0], "arch": [0, 1, 1, 0], "valley": [3, 2, 2, 3]}
folder, time_s = tempfile.TemporaryDirectory(), np.arange(2000) / 8000
for label, notes in shapes.items():
    for take in range(16):
        pitch_hz = rng.uniform(250, 400) * 2 ** (np.array(notes) / 4)
        tones = 0.3 * np.sin(2 * np.pi * pitch_hz[:, None] * time_s) * np.exp(-4 * time_s)
        sound = tones.ravel() + rng.normal(scale=0.01, size=8000)
        write_sound(f"{folder.name}/{label}/{take}.wav", sound.astype(np.float32), 8000)
train, test = earmark.train_test_split(earmark.open_dataset(folder.name), seed=0)

# %%
# **Making up its mind.** An LSTM learns the four shapes. Then it is stopped after every frame, and asked. In training
# it was asked at the end only: its first answers are wild guesses, and it settles when what decides has been heard.

SEED = 0
settings = {"network": LstmSettings(n_units=24), "train": earmark.TrainSettings(max_epochs=60, learning_rate=5e-3)}
classifier = earmark.SoundClassifier(front_end="mfcc", segment_s=1.0, seed=SEED, **settings).fit(train)
print(classifier.evaluate(test).sentence())
graph = classifier.predictor.graph
figure, grid = plt.subplots(2, 2, figsize=(7.2, 4.8), sharey=True, layout="constrained")
for axes, label in zip(grid.flat, shapes, strict=True):
    played = next(clip.path for clip in test if clip.label == label)
    waveform, _ = read_sound(played, sample_rate=classifier.predictor.sample_rate)
    with torch.inference_mode():
        features = graph.front_end(torch.from_numpy(waveform)[None])
        heard = [graph.probabilities(features[..., : n + 1])[0].numpy() for n in range(features.shape[-1])]
    for name, curve, style in zip(classifier.labels, np.transpose(heard), ("-", "--", ":", "-."), strict=True):
        axes.plot(np.linspace(0, 1, len(curve)), curve, style, label=name)
    axes.set(title=f"played: {label}", xlabel="time (s)", ylabel="probability")
figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4)
folder.cleanup()
plt.show()

# %%
# **Your own.** ``earmark train gtzan/ -o runs/gtzan --network lstm --front-end mfcc --segments 10``.
#
# **Try it.** ``GruSettings``, with one gate fewer. A forget gate that begins shut (a bias of -2)? Eight notes?
