"""Feature maps of a trained network
=================================

What the first layer of a network makes of a sound: filters that it found for itself, and what they answer.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch

import earmark
from earmark.audio.read import read_sound
from earmark.explain.layers import feature_maps, first_filters, layers_of
from earmark.models.cnn import CnnSettings
from earmark.scratch import convolve2d

# %%
# Train a small network
# ---------------------
#
# Thirteen coefficients over time go in, as in the lesson on MFCC; the first convolution has only eight filters.

folder = tempfile.TemporaryDirectory()
table = earmark.make_genres(Path(folder.name) / "genres", n_artists=3, n_tracks=1, duration_s=6.0)
sounds = earmark.open_dataset(table, group_column="artist")
network, train = CnnSettings(n_channels=8), earmark.TrainSettings(max_epochs=15)
classifier = earmark.SoundClassifier(front_end="mfcc", network=network, segment_s=2.0, train=train, device="cpu")
graph = classifier.fit(sounds).predictor.graph
clip = next(clip for clip in sounds if clip.label == "metal")
waveform, _ = read_sound(clip.path, sample_rate=classifier.predictor.sample_rate, duration_s=2.0)
features = graph.front_end(torch.tensor(waveform)[None])  # (1, 13, n_frames)
for layer in layers_of(graph, features):
    if layer.kind == "Conv2d":
        print(f"{layer.name}: {layer.n_channels} maps of {layer.n_rows} x {layer.n_columns}")

# %%
# The filters
# -----------
#
# Nobody drew them: they began as noise, and training moved each number to where the loss was less.

name, filters = first_filters(graph)
reach = np.abs(filters).max()
figure, axes = plt.subplots(2, 4, figsize=(5.6, 3.2), layout="constrained")
for number, ax in enumerate(axes.flat):
    drawn = ax.imshow(filters[number, 0], origin="lower", cmap="PuOr", vmin=-reach, vmax=reach)
    ax.set(title=f"filter {number}", xticks=[], yticks=[])
figure.supxlabel("3 frames to the right, 3 coefficients up", fontsize=9)
figure.colorbar(drawn, ax=axes, label="weight")

# %%
# What they answer
# ----------------
#
# Each filter slides over the MFCC and gives one map. By hand it is the convolution of the lesson before, plus a bias.

maps = feature_maps(graph, features, name)[0]  # (8, 11, n_frames - 2)
seen = graph.standardiser(features)[0].numpy()  # each coefficient with mean 0 and deviation 1 over the training part
bias = dict(graph.network.named_modules())[name].bias.detach().numpy()
by_hand = convolve2d(seen.astype(float), filters[0, 0].astype(float)) + bias[0]
print(f"map 0 by hand and by the network: largest difference {np.abs(by_hand - maps[0]).max():.0e}")
figure, axes = plt.subplots(5, 2, figsize=(7, 7.5), layout="constrained", sharex=True)
axes[0, 1].set_axis_off()
panels = [axes[0, 0], *axes[1:].flat]
for ax, title, values in zip(panels, ["what goes in", *(f"map {n}" for n in range(8))], [seen, *maps], strict=True):
    top, edge = np.abs(values).max(), (13 - len(values)) / 2  # a map lacks one row and one column on each side
    extent = (0.023 * edge, 2 - 0.023 * edge, edge - 0.5, 12.5 - edge)
    ax.imshow(values, origin="lower", aspect="auto", extent=extent, cmap="PuOr", vmin=-top, vmax=top)
    ax.set_title(f"{title} (up to {top:.1f})", fontsize=9)
axes[-1, 0].set(xlabel="time (s)", ylabel="coefficient", xticks=[0.5, 1.0, 1.5])
folder.cleanup()
plt.show()

# %%
# **Try it.** Another genre; the filters after one epoch (``max_epochs=1``). On your own data:
# ``earmark train gtzan/ -o run --front-end mfcc --network cnn``; ``earmark explain run song.wav -o why`` has maps.
