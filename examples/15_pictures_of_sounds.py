"""Pictures of sounds
==================

A spectrogram is a picture, so why not let a network for pictures look at it? You draw sounds as waveforms and as mel
spectrograms, train the same small AlexNet on either, and see what it learns from them.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt

import earmark
from earmark.data.dataset import Dataset
from earmark.features.interchange.pictures import draw_dataset
from earmark.models.alexnet import AlexNetSettings
from earmark.plots.confusion import plot_confusion

# %%
# Two pictures of each genre
# --------------------------
#
# Five genres, twelve artists each, two stretches of every track. A picture has no axes and no frame: every pixel is
# sound, two seconds from left to right, and its colour goes into the network as red, green, blue and opacity.

folder = tempfile.TemporaryDirectory()
table = earmark.make_genres(Path(folder.name) / "genres", n_artists=12, n_tracks=1, duration_s=4.0)
tracks = earmark.open_dataset(table, group_column="artist")
five = [track for track in tracks if track.label in {"classical", "disco", "hiphop", "metal", "reggae"}]
pieces = [replace(track, start_s=start_s, end_s=start_s + 2.0) for track in five for start_s in (0.0, 2.0)]
sounds = Dataset(pieces, root=tracks.root)
drawn = {kind: draw_dataset(sounds, kind, n_rows=64, n_columns=112)[0] for kind in ("waveform", "mel")}
figure, grid = plt.subplots(2, 5, figsize=(7.2, 2.6), layout="constrained")
for row, (kind, pictures) in zip(grid, drawn.items(), strict=True):
    for axes, label in zip(row, sounds.labels, strict=True):
        axes.imshow(pictures.arrays[sounds.y.tolist().index(sounds.labels.index(label))])
        axes.set(title=label, xticks=[], yticks=[])
    row[0].set_ylabel(kind)
print(f"{len(pieces)} pictures of each kind; one is {pictures.arrays[0].shape}: rows, columns, colours")

# %%
# The same network, looking at either
# -----------------------------------
#
# Five convolutions, as in AlexNet, with a quarter of the channels. The artists of the test part are the same for
# both, and new to both.

SEED = 0
figure, axes = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
for number, (kind, pictures) in enumerate(drawn.items()):
    train, test = pictures.train_test_split(seed=1)
    classifier = earmark.SoundClassifier(
        network=AlexNetSettings(n_channels=16, n_hidden=64, padded=True, dropout=0.3),
        train=earmark.TrainSettings(optimiser="adamax", max_epochs=25, batch_size=16),
        seed=SEED,
    ).fit(train)
    scorecard = classifier.evaluate(test)
    print(f"{kind}: {scorecard.sentence()}")
    for part, style in (("train", "-"), ("validation", "--")):
        losses = [getattr(epoch, f"{part}_loss") for epoch in classifier.history]
        axes.plot(range(1, len(losses) + 1), losses, f"C{number}{style}", label=f"{kind}, {part}")
axes.set(xlabel="epoch", ylabel="loss (nats)", title="learning from pictures", ylim=(0, 3))
axes.legend()

# %%
# A waveform drawn over two seconds is an outline: when it is loud, and how evenly. Pitch and timbre lie between its
# pixels; in the mel picture they are what is up and down. What is mixed up there:

mistakes = plot_confusion(scorecard.clip.confusion, scorecard.labels, title="from mel pictures")
folder.cleanup()
plt.show()

# %%
# **Your own.** ``earmark features gtzan/ -o pictures --format pictures --picture mel`` draws GTZAN as PNG files in
# folders; ``earmark train pictures -o runs/pictures --network alexnet`` learns from them.
#
# **Try it.** ``"spectrogram"`` in place of ``"mel"``; twice as many rows; ``network="cnn"``, which is made for any
# shape.
