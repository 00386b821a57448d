"""The spectrum and its mirrored half
==================================

Which tones are in a sound, and how strong. You compute a Fourier transform, see that its upper half mirrors the lower,
and learn why a longer look tells tones apart better.
"""

import matplotlib.pyplot as plt
import numpy as np

from earmark.plots.figures import plot_spectrum

# %%
# A sum of tones, taken apart
# ---------------------------
#
# The discrete Fourier transform compares N samples with N turning pointers, one for each of the frequencies
# 0, 1, 2, ... times the sample rate divided by N:
#
# .. math:: X_k = \sum_{n=0}^{N-1} x_n \, e^{-2 \pi i k n / N}
#
# The length of :math:`X_k` says how strong frequency k is, its angle where in its swing it begins.

sample_rate = 1000
time_s = np.arange(sample_rate) / sample_rate  # one second, so that bin k is k Hz
sound = 1.0 * np.sin(2 * np.pi * 50 * time_s) + 0.5 * np.sin(2 * np.pi * 120 * time_s)
spectrum = np.fft.fft(sound)
by_hand = sum(sound * np.exp(-2j * np.pi * 50 * np.arange(1000) / 1000))
print(f"bin 50 by hand: {abs(by_hand):.3f}, by numpy: {abs(spectrum[50]):.3f}")

# %%
# The mirror
# ----------
#
# Four peaks for two tones: for real samples :math:`X_{N-k}` is the mirror image (complex conjugate) of :math:`X_k`. The
# upper half says nothing new, and ``np.fft.rfft`` leaves it out. As both share a tone, its amplitude is twice the
# length of :math:`X_k`, divided by N.

mirrored = np.allclose(spectrum[1:], np.conj(spectrum[1:][::-1]))
print(f"mirrored: {mirrored}; numbers kept by rfft: {len(np.fft.rfft(sound))} of {len(spectrum)}")
print("amplitudes:", {f"{k} Hz": float((2 * abs(spectrum[k]) / len(sound)).round(3)) for k in (50, 120)})
figure, (above, below) = plt.subplots(2, 1, figsize=(6.4, 5), layout="constrained")
above.plot(1000 * time_s[:100], sound[:100])
above.set(xlabel="time (ms)", ylabel="amplitude", title="50 Hz and, half as strong, 120 Hz")
below.plot(np.arange(501), np.abs(spectrum[:501]), label="lower half")
below.plot(np.arange(500, 1000), np.abs(spectrum[500:]), "--", color="C1", label="its mirror image")
below.set(xlabel="frequency (Hz)", ylabel="length of X", title="mirrored at half the sample rate, 500 Hz")
below.legend(loc="upper center", ncols=2)

# %%
# Between two bins, and windows
# -----------------------------
#
# Bins are 1 / duration apart: the longer the look, the closer the tones that it tells apart. A tone that does not fit
# a whole number of times leaks into all bins, for the end does not meet the beginning. A *window* that fades the ends
# keeps the leak close by, and pays with a broader peak.

tone = np.sin(2 * np.pi * 100.5 * time_s)
figure, axes = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
for name, window, style in (("no window", np.ones(1000), "-"), ("Hann window", np.hanning(1001)[:1000], "--")):
    level_db = 20 * np.log10(2 * np.abs(np.fft.rfft(tone * window)) / window.sum())
    axes.plot(level_db, style, label=name)
    print(f"{name}: {level_db[150]:.0f} dB at 150 Hz, where there is no tone")
axes.set(xlabel="frequency (Hz)", ylabel="level (dB)", title="a tone of 100.5 Hz", ylim=(-160, 10))
axes.legend()

# %%
# A richer sound
# --------------
#
# A note is a row of *partials* at 1, 2, 3, ... times its pitch. This one, at 220 Hz, is drawn by octaves, in decibels.

time_s = np.arange(22050) / 22050
note = sum(0.3 / k * np.sin(2 * np.pi * 220 * k * time_s) * np.exp(-3 * k * time_s) for k in range(1, 12))
picture = plot_spectrum(note.astype(np.float32), 22050, title="eleven partials of 220 Hz")
plt.show()

# %%
# **Try it.** Add 50 and 55 Hz: two peaks after a second, and after a tenth of one? ``plot_spectrum(..., full=True)``.
