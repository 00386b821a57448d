"""Cross-validation and its box plots
==================================

One split gives one number, and another split another. You let every fold be the test part once, see how far the folds
lie apart, and ask whether one classifier is better than another or only luckier.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import earmark
from earmark.models.cnn_small import CnnSmallSettings
from earmark.plots.epochs import FoldCurves, plot_epochs
from earmark.train.history import read_history

# %%
# **Five folds of whole artists.** The artists of five genres are dealt into five folds. Five times a fresh classifier
# learns from four of them and is asked about the fifth; in the end every track was tested once, by a classifier that
# does not know its artist. Both contestants get the same folds.

SEED = 0
folder = tempfile.TemporaryDirectory()
table = earmark.make_genres(folder.name + "/genres", n_artists=5, n_tracks=2, duration_s=3.0)
head, *rows = table.read_text().splitlines()
chosen = [row for row in rows if row.split("/")[0] in {"classical", "disco", "hiphop", "metal", "reggae"}]
five = table.with_name("five.csv")
five.write_text("\n".join([head, *chosen]) + "\n")
settings = {"network": CnnSmallSettings(n_channels=8), "train": earmark.TrainSettings(max_epochs=20, keep="last")}
small = earmark.SoundClassifier(front_end="mfcc", segments=3, seed=SEED, **settings)
comparison = earmark.compare(
    {"svm": earmark.SoundClassifier(network="svm", seed=SEED), "small CNN": small},
    five,
    Path(folder.name) / "runs",
    n_folds=5,
    group_column="artist",
    cache=Path(folder.name) / "cache",
)

# %%
# **The boxes.** A box holds the middle half of the folds, the line in it is their median, and the whiskers reach to the
# extremes. The points are the folds themselves: where there are only five, show them.

figure, axes = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
for place, one in enumerate(comparison.candidates):
    folds = [100 * accuracy for accuracy in one.folds]
    axes.boxplot([folds], positions=[place], widths=0.5, whis=(0, 100), medianprops={"color": "C1", "linewidth": 2})
    axes.plot([place] * len(folds), folds, "o", color="C0", alpha=0.5)
    interval = f"95 % interval {100 * one.accuracy.low:.0f} to {100 * one.accuracy.high:.0f}"
    print(f"{one.name:10} folds {100 * one.mean:.0f} %, deviation {100 * one.deviation:.0f}; all tracks: {interval}")
axes.set_xticks([0, 1], [one.name for one in comparison.candidates])
axes.axhline(20, color="C5", linestyle=":")
axes.set(ylabel="tracks right (%)", title="five folds each; dotted: guessing", ylim=(0, 103))

# %%
# **Better, or luckier?** Both were asked about the same tracks, and so they are set against each other track by track:

print(comparison.sentence())

# %%
# **Epoch by epoch.** What is trained in epochs has a box for every epoch: five trainings, each on other artists.

histories = [read_history(path) for path in sorted(comparison.folder.glob("small CNN/fold-*/history.jsonl"))]
names = ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy")
curves = [FoldCurves(**{name: [getattr(epoch, name) for epoch in history] for name in names}) for history in histories]
course = plot_epochs(curves, title="five trainings of the small CNN")
folder.cleanup()
plt.show()

# %%
# **Your own.** ``earmark compare esc50/ -o runs/esc50 --network svm,cnn`` uses the five folds that ESC-50 comes with.
#
# **Try it.** ``n_folds=10``: are the boxes larger or smaller, and why? A third contestant, ``"k-nearest"``?
