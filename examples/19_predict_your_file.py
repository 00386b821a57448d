"""Predicting your own file
========================

From a trained classifier to an answer for a file that it has never met. You save and load it, hear how it changes its
mind while the music goes on, and learn when an answer is better withheld.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import earmark
from earmark.audio.read import read_sound
from earmark.audio.write import write_sound
from earmark.models.cnn import CnnSettings

# %%
# **A classifier in a folder.** Five genres are learnt. What is saved is everything that an answer needs: how sound
# becomes features, the network, the names of the classes, and how sure it may be.

SEED = 0
folder = tempfile.TemporaryDirectory()
here = Path(folder.name)
sounds = earmark.open_dataset(earmark.make_genres(here / "genres", n_artists=12, n_tracks=1, duration_s=4.0))
known = sounds.subset([clip.label in {"classical", "disco", "hiphop", "metal", "reggae"} for clip in sounds])
settings = {"network": CnnSettings(n_channels=16), "train": earmark.TrainSettings(max_epochs=25)}
earmark.SoundClassifier(segments=4, seed=SEED, **settings).fit(known).save(here / "classifier")
print(sorted(path.name for path in (here / "classifier").iterdir()))
classifier = earmark.SoundClassifier.load(here / "classifier")

# %%
# **Your file.** Here it is a track by somebody new, at another sample rate and in another format; put the path of a
# file of yours in the place of ``song``. Rates and channels do not matter: the classifier brings every sound to what it
# has learnt from.

strangers = earmark.open_dataset(earmark.make_genres(here / "new", seed=99, n_artists=1, n_tracks=1, duration_s=12.0))
chosen = next(clip for clip in strangers if clip.label == "disco")
waveform, sample_rate = read_sound(chosen.path, sample_rate=44100)
song = here / "song.ogg"
write_sound(song, waveform, sample_rate)
prediction = classifier.predict_file(song)
print(f"it is {chosen.label}; the answer: {prediction.label}, with probability {prediction.probability:.2f}")

# %%
# **Second by second.** The answer is the mean over all segments. They need not agree:

predictor = classifier.predictor
waveform, sample_rate = read_sound(song, sample_rate=predictor.sample_rate)
heard = predictor.segment_probabilities(waveform)  # (n_segments, n_classes)
figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.6), sharey=True, width_ratios=(2, 1), layout="constrained")
picture = left.imshow(heard.T, aspect="auto", vmin=0, vmax=1, extent=(0, len(waveform) / sample_rate, 4.5, -0.5))
left.set(xlabel="time (s)", yticks=range(5), yticklabels=classifier.labels, title="each segment")
right.barh(range(5), list(prediction.probabilities.values()))
right.set(xlabel="probability", xlim=(0, 1), title="the whole file")
figure.colorbar(picture, ax=left, label="probability", location="bottom", shrink=0.6)

# %%
# **What it cannot know.** Noise is none of the five, and yet one of the five is the likeliest. Two things can help: to
# ask for a least probability, and to look how far it is from all that was learnt (*novelty*: above 1 is strange).

noise = np.random.default_rng(0).uniform(-0.5, 0.5, size=88200)
write_sound(here / "noise.wav", noise.astype(np.float32), 22050)
write_sound(here / "beep.wav", (0.5 * np.sin(0.1 * np.arange(88200))).astype(np.float32), 22050)
asked = {clip.label: clip.path for clip in strangers if clip.label in {"disco", "metal", "jazz", "country"}}
for name, path in {**asked, "noise": here / "noise.wav", "beep": here / "beep.wav"}.items():
    answer = classifier.predict_file(path, min_confidence=0.7)
    print(f"{name:8} {answer.said:10} {answer.best_guess} {answer.probability:.2f}, novelty {answer.novelty:.1f}")
folder.cleanup()
plt.show()

# %%
# Neither is a guarantee: a network can be sure of what it never learnt, and jazz is not far from what it knows. What
# your classifier will meet outside, it should be taught, as a class of its own.
#
# **Your own.** ``earmark train gtzan/ -o runs/gtzan``, then ``earmark predict runs/gtzan song.ogg``.
#
# **Try it.** ``coverage=0.9``, and print ``answer.labels``: one of them is right nine times out of ten.
