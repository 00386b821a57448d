"""A first classifier
==================

The whole way in thirty lines: sounds, an honest split, features, a network, scores with intervals, and a prediction.

Every later lesson takes one piece of it apart. The sounds are built in, ten synthetic genres of music, so everything
here runs offline. With a table of your own (columns ``path`` and ``label``) or a folder of class folders, such as GTZAN
or ESC-50, name it in the place of ``table``.
"""

import tempfile
from pathlib import Path

import earmark
from earmark.plots.confusion import plot_confusion
from earmark.plots.grid import plot_grid

# %%
# Sounds, and who made them
# -------------------------
#
# ``group_column`` says which clips share a source. Here it is the artist, and no artist may be on both sides of a
# split: a network that has heard an artist knows the sound of the record, and its score would be too good.

folder = tempfile.TemporaryDirectory()
table = earmark.make_genres(Path(folder.name) / "genres", n_artists=4, n_tracks=1, duration_s=10.0)
sounds = earmark.open_dataset(table, group_column="artist")
print(sounds)
sheet, _ = plot_grid(sounds)

# %%
# Learning from one part, and being asked about the other
# -------------------------------------------------------
#
# Each track is cut into five segments. The network sees their MFCC; a track's answer is the mean of its segments'.

train, test = earmark.train_test_split(sounds, seed=0)
classifier = earmark.SoundClassifier(front_end="mfcc", network="cnn", segments=5, seed=0).fit(train)
scorecard = classifier.evaluate(test)
print(scorecard)
print(scorecard.sentence())

# %%
# The interval is wide, for ten tracks of ten artists are little to be asked about. Which genre was taken for which:

mistakes = plot_confusion(scorecard.clip.confusion, scorecard.labels)

# %%
# One sound
# ---------
#
# A prediction names what is to be heard, and how sure the network is of it.

prediction = classifier.predict_file(test[0].path)
print(f"{test[0].name}: {prediction.label} with probability {prediction.probability:.2f}; it is {test[0].label}")
folder.cleanup()
