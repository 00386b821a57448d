"""Sound and sampling
==================

What a sound is to a computer: a row of numbers. You see how often one must measure, what goes wrong when that is too
seldom, and how finely each number must be written.
"""

import matplotlib.pyplot as plt
import numpy as np

from earmark.audio.resample import resample

# %%
# Measuring a wave
# ----------------
#
# Sound is air pressure that swings. A microphone turns it into a voltage, and a converter measures that so many times a
# second: the *sample rate*. Each measurement is a *sample*. Here is the tone A, 440 swings a second (440 Hz):

sample_rate = 8000  # samples a second, as in a telephone
time_s = np.arange(0, 0.005, 1 / sample_rate)
fine_s = np.linspace(0, 0.005, 1000)
figure, axes = plt.subplots(figsize=(6.4, 3), layout="constrained")
axes.plot(1000 * fine_s, np.sin(2 * np.pi * 440 * fine_s), label="the air")
axes.plot(1000 * time_s, np.sin(2 * np.pi * 440 * time_s), "o", color="C1", label="what is kept")
axes.set(xlabel="time (ms)", ylabel="amplitude", title="440 Hz, measured 8000 times a second")
axes.legend(loc="upper center", ncols=2, bbox_to_anchor=(0.5, -0.25))
n_samples = 30 * 22050
print(f"1 s: {sample_rate} samples; 30 s at 22050 Hz: {n_samples} samples, in 16 bits {2 * n_samples / 1e6:.1f} MB")

# %%
# Too seldom: aliasing
# --------------------
#
# Only tones below *half* the sample rate (the Nyquist frequency) can be told apart. A tone above it gives the very same
# samples as a lower one, its *alias*: 7000 Hz, measured 8000 times a second, is taken for 8000 - 7000 = 1000 Hz.

time_s, fine_s = np.arange(0, 0.002, 1 / sample_rate), np.linspace(0, 0.002, 1000)
low, high = (np.cos(2 * np.pi * tone_hz * time_s) for tone_hz in (1000, 7000))
print("largest difference between the samples of the two tones:", f"{np.abs(low - high).max():.0e}")
figure, axes = plt.subplots(figsize=(6.4, 3), layout="constrained")
axes.plot(1000 * fine_s, np.cos(2 * np.pi * 7000 * fine_s), color="C5", linewidth=1, label="7000 Hz")
axes.plot(1000 * fine_s, np.cos(2 * np.pi * 1000 * fine_s), label="1000 Hz")
axes.plot(1000 * time_s, low, "o", color="C1", label="samples of both")
axes.set(xlabel="time (ms)", ylabel="amplitude", title="two tones, the same samples")
axes.legend(loc="upper center", ncols=3, bbox_to_anchor=(0.5, -0.25))

# %%
# To halve a sample rate, it is therefore wrong to drop every other sample. What is too high must be taken out first,
# and that is what resampling does.

second_s = np.arange(16000) / 16000
whistle = np.sin(2 * np.pi * 7000 * second_s).astype(np.float32)
halved = resample(whistle, from_rate=16000, to_rate=8000)
loudness = [np.sqrt(np.mean(np.square(x))) for x in (whistle, whistle[::2], halved)]
print("loudness of 7000 Hz: {:.3f}; every other sample: {:.3f}; resampled: {:.3f}".format(*loudness))

# %%
# How fine: bits
# --------------
#
# A sample of *b* bits has :math:`2^b` steps. Rounding to a step is an error that sounds like noise. Each bit more
# halves it, which is 6 dB (a full tone should lie :math:`6.02\,b + 1.76` dB above its noise).

bits = np.arange(2, 17)
tone = np.sin(2 * np.pi * 441.3 * second_s)
errors = [(np.floor(tone * 2 ** (b - 1)) + 0.5) / 2 ** (b - 1) - tone for b in bits]
above_db = [10 * np.log10(np.mean(tone**2) / np.mean(error**2)) for error in errors]
print(f"8 bits: {above_db[6]:.1f} dB; 16 bits, as on a CD: {above_db[14]:.1f} dB")
figure, axes = plt.subplots(figsize=(6.4, 3), layout="constrained")
axes.plot(bits, 6.02 * bits + 1.76, label="the rule")
axes.plot(bits, above_db, "o", color="C1", label="measured")
axes.set(xlabel="bits a sample", ylabel="tone above noise (dB)", title="six decibels a bit")
axes.legend()
plt.show()

# %%
# **Try it.** Measure 5000 Hz 8000 times a second: which tone does it become? Write the tone with 3 bits and draw it
# over time. Draw a sound of your own: ``earmark plot my_sound.wav --kind waveform -o my_sound.png``.
