"""A convolutional network
=======================

The same small filters, slid over time and frequency: far fewer weights than a perceptron, and a sound that comes a
little later is still the same sound. You follow one segment through the layers, and see what the network mixes up.
"""

import tempfile

import matplotlib.pyplot as plt
import torch

import earmark
from earmark.audio.read import read_sound
from earmark.models.cnn import Cnn, CnnSettings
from earmark.models.mlp import Mlp, MlpSettings
from earmark.plots.confusion import plot_confusion

# %%
# **How large is it?** A perceptron has a weight for every number that comes in and every unit. A filter has nine,
# wherever it is used.

size = {"n_bins": 64, "n_frames": 44, "n_classes": 5}
for network in (Mlp(**size, settings=MlpSettings()), Cnn(**size, settings=CnnSettings(n_channels=16))):
    by_layer = [weights.numel() for weights in network.parameters() if weights.ndim > 1]
    print(f"{type(network).__name__}: {sum(by_layer):,} weights; by layer {by_layer}")

# %%
# **Learning.** Five of the built-in genres, twelve artists each, cut into segments of a second. The loss of the
# validation part says when it is time to stop; no artist of it, or of the test part, is in the training part.

SEED = 0
folder = tempfile.TemporaryDirectory()
table = earmark.make_genres(folder.name + "/genres", n_artists=12, n_tracks=1, duration_s=4.0)
sounds = earmark.open_dataset(table, group_column="artist")
five = [clip.label in {"classical", "disco", "hiphop", "metal", "reggae"} for clip in sounds]
train, test = earmark.train_test_split(sounds.subset(five), seed=0)
classifier = earmark.SoundClassifier(
    network=CnnSettings(n_channels=16), segments=4, train=earmark.TrainSettings(max_epochs=25), seed=SEED
).fit(train)
scorecard = classifier.evaluate(test)
print(scorecard.sentence())

# %%
# **One segment on its way.** Each block convolves, keeps the largest of its neighbours (*pooling*), and sets what is
# negative to zero. The picture shrinks, and each point of it has seen more of the sound. One of the sixteen maps after
# each block:

graph = classifier.predictor.graph
waveform, _ = read_sound(test[0].path, sample_rate=classifier.predictor.sample_rate, duration_s=1.0)
with torch.inference_mode():
    maps = [graph.standardiser(graph.front_end(torch.from_numpy(waveform)[None]))[:, None]]  # (1, 1, n_bins, n_frames)
    for block in graph.network.blocks:
        maps.append(block(maps[-1]))
figure, grid = plt.subplots(1, 4, figsize=(7.2, 3), layout="constrained")
for number, (axes, picture) in enumerate(zip(grid, maps, strict=True)):
    liveliest = picture[0].std(dim=(1, 2)).argmax()
    axes.imshow(picture[0, liveliest].numpy(), aspect="auto", origin="lower", extent=(0, 1, 0, picture.shape[2]))
    axes.set(title=f"after block {number}" if number else "log-mel", xlabel="time (s)", ylabel="row")
print("channels, rows, columns:", [tuple(picture.shape[1:]) for picture in maps])

# %%
# **What it mixes up.** Rows are what the tracks are, columns what they were taken for:

mistakes = plot_confusion(scorecard.clip.confusion, scorecard.labels, title="tracks of artists never heard")
folder.cleanup()
plt.show()

# %%
# **Your own.** ``earmark train gtzan/ -o runs/gtzan --network cnn --segments 10``.
#
# **Try it.** ``CnnSettings(n_channels=4)``: how few are enough? MFCC (``front_end="mfcc"``) in place of log-mel: does a
# filter that slides over *coefficients* make sense? Draw the filters: ``earmark.plots.layers.plot_filters``.
