"""Preparing a data set of genres
==============================

From a folder of music to numbers that a network can learn from. You cut tracks into ten segments, compute their MFCC,
keep each artist on one side of the split, and scale everything with what the training part alone knows.
"""

import tempfile

import matplotlib.pyplot as plt
import numpy as np
import torch

import earmark
from earmark.audio.read import read_sound
from earmark.audio.segments import cut_segments, segments_by_count
from earmark.features.mfcc import Mfcc

# %%
# **What there is.** A table says what each file is, and who made it. Ten made-up genres, four artists in each:

folder = tempfile.TemporaryDirectory()
table = earmark.make_genres(folder.name + "/genres", n_artists=4, n_tracks=2, duration_s=5.0)
print("\n".join(table.read_text().splitlines()[:4]))
sounds = earmark.open_dataset(table, group_column="artist")
print(sounds)

# %%
# **Ten segments, and the MFCC of each.** One track is one example, and that is little. Ten short stretches are ten
# examples, though much alike. Each becomes 13 coefficients a frame: rows are coefficients, columns time.

to_mfcc = Mfcc()
features = []
for clip in sounds:
    waveform, sample_rate = read_sound(clip.path, sample_rate=to_mfcc.settings.sample_rate)
    segments = cut_segments(waveform, segments_by_count(10, clip_samples=len(waveform)))  # (10, n_samples)
    features.append(to_mfcc(torch.from_numpy(segments)).numpy())  # (10, 13, n_frames)
x = np.stack(features)
print(f"a segment: {segments.shape[1] / sample_rate:.1f} s; all: {x.shape} = tracks, segments, coefficients, frames")

# %%
# **The split** comes first, then anything that is learnt from the data. An artist stays whole: all of their tracks, and
# so all segments, are in one part. The validation part is taken from what is left, in the same way.

rest, test = earmark.train_test_split(sounds, test_fraction=0.25, seed=0)
train, validation = earmark.train_test_split(rest, test_fraction=0.33, seed=0)
figure, axes = plt.subplots(figsize=(6, 5), layout="constrained")
for (name, part), style in zip({"training": train, "validation": validation, "test": test}.items(), "s^o", strict=True):
    artists = [int(clip.group[-1]) for clip in part]
    axes.plot(artists, [clip.label for clip in part], style, markersize=12, label=f"{name}: {len(part)} tracks")
axes.set(xlabel="artist of the genre", xticks=range(4), title="no artist is in two parts")
figure.legend(loc="outside lower center", ncols=3)

# %%
# **One scale.** Coefficient 0 is the loudness, and hundreds of times as large as the last ones. Each is brought to mean
# 0 and deviation 1, with numbers of the *training* part: the test part must not be known, not even by its mean.

is_train = np.array([clip in train.clips for clip in sounds])
mean, deviation = (measure(x[is_train], axis=(0, 1, 3), keepdims=True) for measure in (np.mean, np.std))
scaled = (x - mean) / deviation
for name, mask in (("training", is_train), ("all others", ~is_train)):
    print(f"{name}: coefficient 0 has mean {x[mask][:, :, 0].mean():.0f}, scaled {scaled[mask][:, :, 0].mean():.2f}")
figure, grid = plt.subplots(2, 5, figsize=(7.2, 4), sharex=True, sharey=True, layout="constrained")
for number, (axes, segment) in enumerate(zip(grid.flat, scaled[0], strict=True)):
    axes.set_title(f"segment {number}")
    picture = axes.pcolormesh(np.linspace(0, 0.5, 22), range(13), segment, cmap="PuOr_r", vmin=-3, vmax=3)
grid[1, 0].set(xlabel="time (s)", ylabel="coefficient")
figure.colorbar(picture, ax=grid, label="deviations from the mean")
folder.cleanup()
plt.show()

# %%
# **Your own.** ``earmark features gtzan/ -o gtzan.json --segments 10`` writes these MFCC of GTZAN for any tool, and
# ``earmark train gtzan/ -o runs/gtzan --front-end mfcc --segments 10`` does all of this by itself.
#
# **Try it.** Twenty coefficients: ``Mfcc(MfccSettings(n_mfcc=20))``. Leave out ``group_column``: on how many sides are
# the artists now? Scale with mean and deviation of all: how different are the numbers?
