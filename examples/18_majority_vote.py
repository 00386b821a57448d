"""From segments to tracks: a vote
===============================

A network hears one second at a time, but the question is what the whole track is. You let its segments vote, see how a
vote mends mistakes, and how much a longer listen is worth.
"""

import tempfile

import matplotlib.pyplot as plt
import numpy as np

import earmark
from earmark.audio.read import read_sound
from earmark.models.cnn_small import CnnSmallSettings

# %%
# **A network for one second.** Five genres, ten artists each; to have enough tracks to look at, half of the artists are
# kept for the test.

SEED = 0
folder = tempfile.TemporaryDirectory()
table = earmark.make_genres(folder.name + "/genres", n_artists=10, n_tracks=1, duration_s=9.0)
sounds = earmark.open_dataset(table, group_column="artist")
five = [clip.label in {"classical", "disco", "hiphop", "metal", "reggae"} for clip in sounds]
train, test = earmark.train_test_split(sounds.subset(five), test_fraction=0.5, seed=0)
settings = earmark.TrainSettings(max_epochs=12)
classifier = earmark.SoundClassifier(
    front_end="mfcc", network=CnnSmallSettings(n_channels=8), segments=9, train=settings, seed=SEED
).fit(train)

# %%
# **What each segment says.** Nine segments a track, five probabilities a segment. Below are the tracks of the test
# part: one point a segment, in the colour of the class that it votes for.

predictor = classifier.predictor
waveforms = [read_sound(clip.path, sample_rate=predictor.sample_rate)[0] for clip in test]
heard = np.stack([predictor.segment_probabilities(waveform) for waveform in waveforms])  # (n_tracks, 9, 5)
truth = np.array([classifier.labels.index(clip.label) for clip in test])
votes = heard.argmax(axis=2)
elected = np.eye(5)[votes].sum(axis=1).argmax(axis=1)  # the class with most votes, (n_tracks,)
figure, axes = plt.subplots(figsize=(6.4, 5.6), layout="constrained")
for number, label in enumerate(classifier.labels):
    rows, columns = np.nonzero(votes == number)
    axes.scatter(columns, rows, color=f"C{number}", marker="osD^v"[number], s=45, label=label)
axes.scatter(np.full(len(test), 9.6), np.arange(len(test)), c=[f"C{number}" for number in elected], marker="s", s=70)
for row, right in enumerate(elected == truth):
    axes.text(10.1, row, "right" if right else "wrong", va="center", fontsize=8)
axes.set(xlabel="segment, and on the right the vote", xticks=range(9), xlim=(-0.6, 11.2))
axes.set_yticks(range(len(test)), [clip.label for clip in test], fontsize=8)
figure.legend(loc="outside upper center", ncols=5, columnspacing=0.8, handletextpad=0.1)

# %%
# **Voting, and taking the mean.** A vote counts heads. The mean of the probabilities also asks how sure each is. Both
# for the first one, two, ... nine segments:

lengths = np.arange(1, 10)
by_mean = [np.mean(heard[:, :n].mean(axis=1).argmax(axis=1) == truth) for n in lengths]
by_vote = [np.mean(np.eye(5)[votes[:, :n]].sum(axis=1).argmax(axis=1) == truth) for n in lengths]
figure, axes = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
axes.plot(lengths, 100 * np.array(by_mean), "o-", label="mean of probabilities")
axes.plot(lengths, 100 * np.array(by_vote), "s--", label="majority vote")
axes.axhline(100 * np.mean(votes == truth[:, None]), color="C5", linestyle=":", label="single segments")
axes.set(xlabel="segments of each track (s)", ylabel="tracks right (%)", ylim=(0, 103))
axes.legend(loc="lower right")
print(classifier.evaluate(test))
folder.cleanup()
plt.show()

# %%
# A scorecard has all three: per clip (the mean, which is what ``predict_file`` gives), per clip by vote, per segment.
# The vote helps where mistakes differ from segment to segment. Where all segments of a track are wrong together, as a
# strange artist makes them, no counting helps.
#
# **Your own.** ``earmark train gtzan/ -o runs/gtzan --network cnn --segments 10`` gives ten votes a track.
#
# **Try it.** Overlapping segments: ``segment_s=1.0, hop_s=0.5`` in place of ``segments``. Ties go to the class that
# comes first in the alphabet; let the mean decide them. How sure are wrong segments, compared to right ones?
