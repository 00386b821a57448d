"""The perceptron overfits, and five cures
=======================================

A large network learns some dozens of tracks by heart, and knows little of others. You see it happen, and try five cures
side by side: a smaller network, dropout, small weights, augmentation, and stopping early.
"""

import tempfile

import matplotlib.pyplot as plt

import earmark
from earmark.models.mlp import MlpSettings

folder = tempfile.TemporaryDirectory()
table = earmark.make_genres(folder.name + "/genres", n_artists=12, n_tracks=1, duration_s=4.0)
sounds = earmark.open_dataset(table, group_column="artist")
five = [clip.label in {"classical", "disco", "hiphop", "metal", "reggae"} for clip in sounds]
train, test = earmark.train_test_split(sounds.subset(five), seed=0)

# %%
# Six trainings
# -------------
#
# A *perceptron* sees all numbers of a segment's MFCC at once, and nearly half a million weights go to work on them.
# Every training learns from the same artists, and is watched on the same others, the validation part.

SEED = 0
plain = {"front_end": "mfcc", "segments": 4, "validation_fraction": 0.25, "seed": SEED, "cache": folder.name + "/cache"}
large, to_the_end = MlpSettings(), {"max_epochs": 30, "keep": "last"}
trials = {
    "nothing done": {"network": large},
    "smaller": {"network": MlpSettings(n_hidden=(16,))},
    "dropout": {"network": MlpSettings(dropout=0.6)},
    "small weights (L2)": {"network": large, "train": {"l2": 3e-3}},
    "augmentation": {"network": large, "augment": ("speed", "noise", "time-mask", "frequency-mask")},
    "early stopping": {"network": large, "train": {"keep": "best", "patience": 6}},
}
trained = {}
for name, trial in trials.items():
    settings = earmark.TrainSettings(**to_the_end | trial.pop("train", {}))
    trained[name] = earmark.SoundClassifier(**plain | trial, train=settings).fit(train)

# %%
# What the curves say
# -------------------
#
# The loss measures how surprised the network is by the truth. Without a cure that of the training part falls to
# nothing, while that of validation stays far above it, or even rises: it learns these tracks, and no longer the genres.

figure, grid = plt.subplots(2, 3, figsize=(7.2, 5), sharex=True, sharey=True, layout="constrained")
for axes, (name, classifier) in zip(grid.flat, trained.items(), strict=True):
    epochs = range(1, len(classifier.history) + 1)
    axes.plot(epochs, [epoch.train_loss for epoch in classifier.history], label="training")
    axes.plot(epochs, [epoch.validation_loss for epoch in classifier.history], "--", label="validation")
    axes.set(title=name, ylim=(0, 2.5))
grid[0, 0].legend()
figure.supxlabel("epoch", fontsize=9)
figure.supylabel("loss (nats)", fontsize=9)

# %%
# In numbers, at the end; and the tracks of the test part that are right, of artists that no network has heard:

print(trained["nothing done"].verdict.sentences[0])
for name, classifier in trained.items():
    last = classifier.history[-1]
    ends = f"training {last.train_accuracy:4.0%}, validation {last.validation_accuracy:4.0%}"
    print(f"{name:18} {ends}, loss {last.validation_loss:.2f}; test {classifier.score(test):.0%} of {len(test)}")
folder.cleanup()
plt.show()

# %%
# **Your own.** ``earmark train gtzan/ -o runs/gtzan --network mlp --front-end mfcc --segments 10``; the report says
# whether it overfits, and since when. ``--network mlp-regularised`` is the same with dropout and small weights.
#
# **Try it.** A dozen tracks of test are too few to say which cure is best: another ``seed`` in the split? All cures at
# once? The best cure is more artists: 24 of each genre.
