"""Spectrogram, decibels, mel and MFCC
===================================

From a waveform to the pictures that networks hear with, step by step in NumPy, up to the numbers that earmark's own
MFCC front end gives.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import scipy.fft
import torch

import earmark
from earmark.audio.read import read_sound
from earmark.features.mel import hz_to_mel, mel_filters
from earmark.features.mfcc import Mfcc, MfccSettings

with tempfile.TemporaryDirectory() as folder:
    table = earmark.make_genres(Path(folder) / "genres", n_artists=1, n_tracks=1, duration_s=4.0)
    sound, sample_rate = read_sound(table.parent / "jazz" / "jazz.00000.wav")


def show(axes, values, label, span, title):
    """Draw values as a heat map, each column at the middle of its frame of 2048 samples."""
    extent = (768 / sample_rate, (768 + 512 * values.shape[1]) / sample_rate, *span)
    figure.colorbar(axes.imshow(values, origin="lower", aspect="auto", extent=extent), ax=axes)
    axes.set(xlabel="time (s)", ylabel=label, title=title)


# %%
# Spectrogram, and decibels
# -------------------------
#
# Cut the sound into short overlapping *frames*, fade their ends, and take the spectrum of each. Only the loudest is
# seen. Ears hear ratios, so we take :math:`10 \log_{10}` of the power: 0 dB is a power of 1, 10 dB more ten times it.

frames = np.lib.stride_tricks.sliding_window_view(sound, 2048)[::512]  # (n_frames, 2048): 93 ms long, 23 ms apart
power = np.abs(np.fft.rfft(frames * np.hanning(2049)[:-1])).T ** 2  # (n_bins, n_frames)
figure, (above, below) = plt.subplots(2, 1, figsize=(6.4, 6), layout="constrained")
show(above, power, "frequency (Hz)", (0, sample_rate / 2), "power")
power_db = 10 * np.log10(np.maximum(power, power.max() / 1e8))  # down to 80 dB below the loudest
show(below, power_db, "frequency (Hz)", (0, sample_rate / 2), "power (dB)")

# %%
# The mel scale
# -------------
#
# Ears tell 100 Hz from 200 Hz easily, and 8000 from 8100 hardly. The *mel* scale (here Slaney's, with 1000 Hz at 15)
# follows them: even up to 1000 Hz, then by ratio. Triangles, evenly spaced in mel, sum the bins up to bands.

filters = mel_filters(sample_rate=sample_rate, n_fft=2048, n_mels=64)  # (64, n_bins)
print("100, 200, 8000 and 8100 Hz in mel:", hz_to_mel([100, 200, 8000, 8100]).round(1))
mel = filters @ power  # (64, n_frames)
mel_db = 10 * np.log10(np.maximum(mel, mel.max() / 1e8))
figure, (above, below) = plt.subplots(2, 1, figsize=(6.4, 6), layout="constrained")
above.plot(np.fft.rfftfreq(2048, 1 / sample_rate), filters[::6].T)
above.set(xlabel="frequency (Hz)", ylabel="weight", title="every sixth filter: low ones narrow, high ones wide")
show(below, mel_db, "mel band", (0, 64), "64 mel bands (dB)")

# %%
# MFCC
# ----
#
# Neighbouring bands rise and fall together. A cosine transform puts that into few numbers, the *mel-frequency cepstral
# coefficients*: the first follows the loudness, the next the tilt from low to high, later ones finer shapes.

mfcc = scipy.fft.dct(mel_db, axis=0, norm="ortho")[:13]
figure, axes = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
show(axes, mfcc[1:] - mfcc[1:].mean(axis=1)[:, None], "coefficient", (0.5, 12.5), "MFCC less their means (dB)")
own = Mfcc(MfccSettings(sample_rate=sample_rate, n_mels=64, centre=False))(torch.tensor(sound)[None])[0].numpy()
print(f"{len(power)} numbers a frame are now 13; from earmark's own they differ by {np.abs(own - mfcc).max():.4f} dB")
plt.show()

# %%
# **Try it.** Frames four times as long: what becomes sharper, what blurs? Other genres. Your own data:
# ``earmark features gtzan/ -o mfcc.json --front-end mfcc --segments 10``.
