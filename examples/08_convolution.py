"""Convolution by hand
===================

A small pattern slides along a sound, or over a spectrogram, and answers where it fits. You see kernels that smooth,
find edges, tones and clicks, and what pooling keeps.
"""

import matplotlib.pyplot as plt
import numpy as np

from earmark.scratch import convolve1d, convolve2d, max_pool2d

# %%
# Slide, multiply, add
# --------------------
#
# At each place, multiply the kernel with what lies below it, and add: :math:`y_n = \sum_j k_j \, x_{n+j}`. (As in all
# deep learning the kernel is not turned round.) ``[-1, 0, 1]`` gives the slope; equal weights give the mean.

signal = [0.0, 0.0, 1.0, 1.0, 1.0, 0.0]
by_hand = [-1 * signal[n] + 0 * signal[n + 1] + 1 * signal[n + 2] for n in range(4)]
print("by hand:", by_hand, " convolve1d:", convolve1d(signal, [-1, 0, 1]))
time_s = np.arange(400) / 8000
clean = np.sin(2 * np.pi * 60 * time_s)
noisy = clean + 0.3 * np.random.default_rng(0).standard_normal(400)
smooth = convolve1d(noisy, np.ones(15) / 15, padding="same")
figure, axes = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
axes.plot(1000 * time_s, noisy, color="C5", linewidth=1, label="with noise")
axes.plot(1000 * time_s, smooth, label="mean of 15 samples")
axes.set(xlabel="time (ms)", ylabel="amplitude", title="a kernel that smooths")
axes.legend(loc="upper center", ncols=2, bbox_to_anchor=(0.5, -0.22))
print(f"noise before {np.std(noisy - clean):.2f}, after {np.std((smooth - clean)[10:-10]):.2f}")

# %%
# Kernels on a spectrogram
# ------------------------
#
# A steady tone (a level line), a click (an upright one), and a whistle that rises. A kernel that is positive along a
# line and negative beside it answers to lines of its own direction.

time_s = np.arange(8000) / 8000
sound = 0.3 * np.sin(2 * np.pi * 800 * time_s) + 0.3 * np.sin(2 * np.pi * (1500 * time_s + 900 * time_s**2))
sound[4000:4003] += 8.0
sound += 0.01 * np.random.default_rng(0).standard_normal(8000)
frames = np.lib.stride_tricks.sliding_window_view(sound, 256)[::128] * np.hanning(256)
level_db = 20 * np.log10(np.abs(np.fft.rfft(frames)).T + 1e-3)  # (129 bins, 61 frames)
level = np.outer([-1, -1, 4, -1, -1], np.ones(5)) / 20  # 5 bins by 5 frames
tones, clicks = (np.maximum(convolve2d(level_db, kernel, padding="same"), 0) for kernel in (level, level.T))


def draw(axes, values, title):
    """Draw values over the time of the frames' middles, and up to 4 kHz."""
    drawn = axes.imshow(values, origin="lower", aspect="auto", extent=(0.008, 0.984, 0, 4))
    axes.set(xlabel="time (s)", ylabel="frequency (kHz)", title=title)
    figure.colorbar(drawn, ax=axes, label="dB")


figure, axes = plt.subplots(3, 1, figsize=(6, 7.5), layout="constrained")
draw(axes[0], level_db, "the sound")
draw(axes[1], tones, "the kernel for level lines: tones")
draw(axes[2], clicks, "the kernel for upright lines: clicks")

# %%
# What pooling keeps
# ------------------
#
# Max pooling keeps the strongest answer of each tile, and forgets where in the tile it was.

pooled = max_pool2d(tones, 4)
print(f"{tones.shape} -> {pooled.shape}: {tones.size / pooled.size:.0f} times fewer; strongest {pooled.max():.1f} dB")
later = np.roll(tones, 1, axis=1)
change, change_pooled = (np.abs(a - b).mean() / a.mean() for a, b in ((tones, later), (pooled, max_pool2d(later, 4))))
print(f"one frame later, {change:.0%} of the map changes, but {change_pooled:.0%} of the pooled one")
figure, axes = plt.subplots(figsize=(6, 2.8), layout="constrained")
draw(axes, pooled, "tones, pooled by 4 x 4")
plt.show()

# %%
# **Try it.** A kernel for the rising whistle. A click of one sample. A stride of 4 in place of pooling.
