"""Raw waveforms
=============

No spectrogram: a network that hears the samples themselves, and has to find its own filters. You train one-dimensional
convolutions on four kinds of tones, and look at what frequencies the first layer has come to listen to.
"""

import tempfile

import matplotlib.pyplot as plt
import numpy as np
from scipy import signal

import earmark
from earmark.audio.write import write_sound
from earmark.features.waveform import WaveformSettings
from earmark.models.wave_cnn import WaveCnnSettings

# %%
# **Four waves.** A sine is one partial; a square wave has the odd partials, a sawtooth all of them; noise has
# everything. Pitch, loudness and where the wave begins are drawn by lot, so that only the *shape* tells them apart.

SEED = 0
rng = np.random.default_rng(0)
sample_rate = 8000
time_s = np.arange(sample_rate // 2) / sample_rate
waves = {
    "sine": np.sin,
    "square": signal.square,
    "sawtooth": signal.sawtooth,
    "noise": lambda phase: rng.uniform(-1, 1, size=phase.shape),
}
folder = tempfile.TemporaryDirectory()
figure, grid = plt.subplots(2, 2, figsize=(7.2, 3.6), sharex=True, sharey=True, layout="constrained")
for axes, (label, wave) in zip(grid.flat, waves.items(), strict=True):
    for take in range(30):
        phase = 2 * np.pi * (rng.uniform(100, 400) * time_s + rng.uniform())
        sound = rng.uniform(0.2, 0.6) * wave(phase) + rng.normal(scale=0.02, size=len(time_s))
        write_sound(f"{folder.name}/{label}/{take}.wav", sound.astype(np.float32), sample_rate)
    axes.plot(1000 * time_s[:160], sound[:160])
    axes.set_title(label)
grid[1, 0].set(xlabel="time (ms)", ylabel="amplitude")

# %%
# **Convolutions over time.** Three layers: each slides filters over what comes in, and keeps the largest of every eight
# places, so that of half a second, 4000 samples, less than ten numbers a channel remain.

train, test = earmark.train_test_split(earmark.open_dataset(folder.name), seed=0)
classifier = earmark.SoundClassifier(
    network=WaveCnnSettings(n_layers=3, n_channels=8, width=33, pool=8),
    front_end=WaveformSettings(sample_rate=sample_rate, decimation=1),
    segment_s=0.5,
    train=earmark.TrainSettings(max_epochs=25, learning_rate=3e-3),
    seed=SEED,
).fit(train)
print(classifier.evaluate(test).sentence())

# %%
# **What the filters listen to.** The Fourier transform of a filter says which frequencies it lets pass: how loud a sine
# of each frequency comes out.

filters = next(classifier.predictor.graph.network.parameters()).detach().numpy().reshape(8, 33)
frequencies_hz = np.fft.rfftfreq(512, 1 / sample_rate)
passed = np.abs(np.fft.rfft(filters, 512))  # (8, 257)
passed = passed[np.argsort(passed.argmax(axis=1))]
figure, axes = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
picture = axes.imshow(passed / passed.max(axis=1, keepdims=True), aspect="auto", extent=(0, sample_rate / 2, 8.5, 0.5))
axes.set(xlabel="frequency (Hz)", ylabel="filter, by its strongest frequency", title="what the first layer lets pass")
figure.colorbar(picture, label="gain (1 = strongest of each)")
print("strongest at (Hz):", frequencies_hz[passed.argmax(axis=1)].round().astype(int).tolist())
folder.cleanup()
plt.show()

# %%
# **Your own.** ``earmark train esc50/ -o runs/waves --network wave-cnn``. Music and noises want far more sounds than
# tones do: what a spectrogram gives for nothing must be learnt.
#
# **Try it.** Add a triangle wave: with what is it mixed up? Ten sounds a class in place of thirty? A filter of 5
# samples?
