"""The augmentations that ship, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from earmark._util.catalogue import Catalogue
from earmark.augment.checks import Takes
from earmark.augment.equaliser import EqualiserSettings, NoiseFloorSettings, equalise, raise_noise_floor
from earmark.augment.feature_noise import FeatureNoiseSettings, add_feature_noise
from earmark.augment.gain import GainSettings, change_gain, change_power_gain
from earmark.augment.masks import MaskSettings, mask_frequency, mask_time
from earmark.augment.mixing import MixEnergiesSettings, MixupSettings, mix_energies, mixup
from earmark.augment.noise import BackgroundSettings, NoiseSettings, add_background, add_noise
from earmark.augment.picture import (
    BrightnessSettings,
    ContrastSettings,
    FlipSettings,
    PictureNoiseSettings,
    add_picture_noise,
    change_brightness,
    change_contrast,
    flip,
)
from earmark.augment.polarity import PolaritySettings, invert_polarity
from earmark.augment.room import RoomSettings, add_room
from earmark.augment.shift import PowerShiftSettings, TimeShiftSettings, shift_power, shift_time
from earmark.augment.speed import SpeedSettings, change_speed
from earmark.augment.stretch import PitchShiftSettings, TimeStretchSettings, shift_pitch, stretch_time


@dataclass(frozen=True, kw_only=True)
class AugmentationKind:
    """A kind of augmentation.

    Attributes:
        settings: The dataclass of its settings: flat, with good defaults (but for what only a user can know). One that
            depends on the rate of the sound has a `sample_rate`.
        apply: Returns a new batch of the same shape, called with the batch, a `numpy.random.Generator` and the
            settings. Where `mixes` is set, batches are `Mixed`.
        takes: What a batch is: "waveform" (batch, n_samples), "power" (batch, n_bins, n_frames) before the logarithm,
            "features" (batch, n_bins, n_frames), such as dB, or "picture" (batch, n_channels, n_rows, n_columns) in
            [0, 1].
        mixes: Whether it mixes pairs of items, and their targets.
        summary: What it does, in one line.
    """

    settings: type[Any]
    apply: Callable[..., Any]
    takes: Takes
    mixes: bool = False
    summary: str


AUGMENTATIONS: Catalogue[AugmentationKind] = Catalogue(
    "augmentation",
    {
        "pitch-shift": AugmentationKind(
            settings=PitchShiftSettings,
            apply=shift_pitch,
            takes="waveform",
            summary="higher or lower at the same tempo",
        ),
        "time-stretch": AugmentationKind(
            settings=TimeStretchSettings,
            apply=stretch_time,
            takes="waveform",
            summary="faster or slower at the same pitch",
        ),
        "speed": AugmentationKind(
            settings=SpeedSettings,
            apply=change_speed,
            takes="waveform",
            summary="faster and higher, or slower and lower",
        ),
        "noise": AugmentationKind(
            settings=NoiseSettings,
            apply=add_noise,
            takes="waveform",
            summary="white or pink noise at a signal-to-noise ratio",
        ),
        "background": AugmentationKind(
            settings=BackgroundSettings,
            apply=add_background,
            takes="waveform",
            summary="stretches of given recordings at a signal-to-noise ratio",
        ),
        "gain": AugmentationKind(
            settings=GainSettings, apply=change_gain, takes="waveform", summary="louder or softer"
        ),
        "time-shift": AugmentationKind(
            settings=TimeShiftSettings, apply=shift_time, takes="waveform", summary="earlier or later"
        ),
        "polarity": AugmentationKind(
            settings=PolaritySettings,
            apply=invert_polarity,
            takes="waveform",
            summary="upside down, which no ear hears",
        ),
        "room": AugmentationKind(
            settings=RoomSettings, apply=add_room, takes="waveform", summary="the echoes of a made-up room"
        ),
        "power-gain": AugmentationKind(
            settings=GainSettings, apply=change_power_gain, takes="power", summary="louder or softer"
        ),
        "power-shift": AugmentationKind(
            settings=PowerShiftSettings, apply=shift_power, takes="power", summary="later, the end coming first"
        ),
        "equaliser": AugmentationKind(
            settings=EqualiserSettings, apply=equalise, takes="power", summary="a random smooth curve over the bins"
        ),
        "noise-floor": AugmentationKind(
            settings=NoiseFloorSettings, apply=raise_noise_floor, takes="power", summary="what faint noise would add"
        ),
        "mix-energies": AugmentationKind(
            settings=MixEnergiesSettings,
            apply=mix_energies,
            takes="power",
            mixes=True,
            summary="two items of different classes at shares of loudness",
        ),
        "time-mask": AugmentationKind(
            settings=MaskSettings, apply=mask_time, takes="features", summary="stretches of time taken away"
        ),
        "frequency-mask": AugmentationKind(
            settings=MaskSettings, apply=mask_frequency, takes="features", summary="ranges of bins taken away"
        ),
        "feature-noise": AugmentationKind(
            settings=FeatureNoiseSettings,
            apply=add_feature_noise,
            takes="features",
            summary="noise in proportion to how much the features vary",
        ),
        "mixup": AugmentationKind(
            settings=MixupSettings, apply=mixup, takes="features", mixes=True, summary="weighted means of two items"
        ),
        "brightness": AugmentationKind(
            settings=BrightnessSettings, apply=change_brightness, takes="picture", summary="brighter or darker"
        ),
        "contrast": AugmentationKind(
            settings=ContrastSettings, apply=change_contrast, takes="picture", summary="more or less contrast"
        ),
        "picture-noise": AugmentationKind(
            settings=PictureNoiseSettings, apply=add_picture_noise, takes="picture", summary="noise in every pixel"
        ),
        "flip": AugmentationKind(settings=FlipSettings, apply=flip, takes="picture", summary="left to right"),
    },
)
