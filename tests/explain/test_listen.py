import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.explain.axes import axes_of
from earmark.explain.explanation import Explanation
from earmark.explain.listen import kept_and_removed, relevance_mask, smooth_relevance
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import Recipe

RATE = 16000


def explanation(relevance, front_end="log-mel", **more):
    kind = FRONT_ENDS[front_end]
    small = {"sample_rate": RATE, "n_fft": 512, "hop_samples": 160, "n_mels": relevance.shape[1]}
    if front_end == "waveform":
        small = {"sample_rate": RATE, "decimation": 8}
    if front_end in ("statistics", "mfcc"):
        small["n_mels"] = 128
    if front_end == "spectrum":
        small = {"sample_rate": RATE}
    recipe = Recipe(front_end=front_end, settings=kind.settings(**{**small, **more}))
    return Explanation(
        label="dog",
        decided="dog",
        probability=0.9,
        probabilities={"dog": 0.9, "rain": 0.1},
        method="occlusion",
        layer=None,
        relevance=relevance.astype(np.float32),
        features=relevance.astype(np.float32),
        network_features=relevance.astype(np.float32),
        segment_probabilities=np.full(len(relevance), 0.9, dtype=np.float32),
        starts_s=np.arange(len(relevance), dtype=np.float32),
        axes=axes_of(recipe, *relevance.shape[1:]),
        faithfulness=None,
    )


def two_tones(seconds=1.0, rate=RATE):
    time_s = np.arange(round(seconds * rate)) / rate
    low, high = (0.3 * np.sin(2 * np.pi * hz * time_s) for hz in (400.0, 3000.0))
    return low.astype(np.float32), high.astype(np.float32)


def band(low_hz, high_hz, n_bins=64, n_frames=101):
    relevance = np.zeros((1, n_bins, n_frames))
    middle_hz = explanation(relevance + 1).axes.frequencies_hz
    relevance[0, (middle_hz > low_hz) & (middle_hz < high_hz)] = 1.0
    return relevance


def energy(waveform):
    return float(np.square(waveform, dtype=np.float64).sum())


def test_the_tone_that_mattered_is_kept_and_the_other_removed():
    low, high = two_tones()

    heard = kept_and_removed(low + high, RATE, explanation(band(2500, 3500)))

    assert energy(heard.kept - high) < 0.02 * energy(high)
    assert energy(heard.removed - low) < 0.02 * energy(low)
    assert heard.energy_kept == pytest.approx(0.5, abs=0.02)
    assert heard.area_kept < 0.2
    assert heard.gain == 1.0


def test_what_mattered_in_the_first_half_is_not_heard_in_the_second():
    low, _ = two_tones()
    relevance = np.zeros((1, 64, 101))
    relevance[0, :, :50] = 1.0

    heard = kept_and_removed(low, RATE, explanation(relevance))

    assert energy(heard.kept[: RATE // 2 - 1600]) > 0.99 * energy(low[: RATE // 2 - 1600])
    assert energy(heard.kept[RATE // 2 + 1600 :]) < 1e-3 * energy(low[RATE // 2 + 1600 :])


@pytest.mark.parametrize("rate", [8000, 22050, 44100])
def test_a_clip_of_another_rate_keeps_its_rate_and_length(rate):
    low, high = two_tones(rate=rate)
    clip = np.concatenate([low + high, np.zeros(7, dtype=np.float32)])

    heard = kept_and_removed(clip, rate, explanation(band(2500, 3500)))

    assert len(heard.kept) == len(heard.removed) == len(clip)
    assert energy(heard.kept[: len(high)] - high) < 0.03 * energy(high)


def test_what_lies_above_all_that_the_classifier_sees_is_removed():
    time_s = np.arange(44100) / 44100
    high = (0.3 * np.sin(2 * np.pi * 15000 * time_s)).astype(np.float32)

    heard = kept_and_removed(high, 44100, explanation(np.ones((1, 64, 101))))

    assert heard.energy_kept < 1e-4


@given(seed=st.integers(0, 10_000), n_samples=st.integers(1, 5000), level=st.floats(0.01, 1.0))
@settings(max_examples=25, deadline=None)
def test_the_parts_add_up_to_the_clip_and_neither_is_clipped(seed, n_samples, level):
    rng = np.random.default_rng(seed)
    waveform = np.clip(level * rng.standard_normal(n_samples), -1, 1).astype(np.float32)
    relevance = rng.random((1, 20, 33)) ** 4

    heard = kept_and_removed(waveform, RATE, explanation(relevance))

    np.testing.assert_allclose(heard.kept + heard.removed, heard.gain * waveform, atol=2e-6)
    assert max(np.abs(heard.kept).max(), np.abs(heard.removed).max()) <= 1 + 1e-6
    assert 0 < heard.gain <= 1
    assert 0 <= heard.energy_kept <= 1.01


def test_all_of_a_clip_is_kept_where_everything_mattered_alike():
    low, high = two_tones()

    heard = kept_and_removed(low + high, RATE, explanation(np.ones((1, 64, 101))))

    assert heard.energy_kept == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("front_end", ["mfcc", "waveform"])
def test_bins_without_frequencies_say_when_and_all_frequencies_are_kept_then(front_end):
    low, high = two_tones()
    n_bins, n_frames = (13, 101) if front_end == "mfcc" else (1, 2000)
    relevance = np.zeros((1, n_bins, n_frames))
    relevance[0, 0, : n_frames // 2] = 1.0
    clip = low + high

    heard = kept_and_removed(clip, RATE, explanation(relevance, front_end))

    assert energy(heard.kept[:6000]) > 0.98 * energy(clip[:6000])
    assert energy(heard.kept[10000:]) < 1e-3 * energy(clip[10000:])


def test_a_spectrum_says_which_frequencies_all_along():
    low, high = two_tones()
    relevance = np.zeros((1, 501, 1))
    relevance[0, 170:210] = 1.0  # 16 Hz a bin

    heard = kept_and_removed(low + high, RATE, explanation(relevance, "spectrum"))

    assert energy(heard.kept - high) < 0.03 * energy(high)


def test_the_mask_is_one_where_the_share_of_the_relevance_lies():
    relevance = np.random.default_rng(0).random((64, 101)).astype(np.float32) ** 6
    axes = explanation(relevance[None]).axes
    smooth = smooth_relevance(relevance, axes)

    masks = [relevance_mask(relevance, axes, share=share) for share in (0.2, 0.5, 0.8)]

    for mask, share in zip(masks, (0.2, 0.5, 0.8), strict=True):
        assert smooth[mask == 1].sum() >= share * smooth.sum() * 0.999
        assert mask.min() >= 0
        assert mask.max() == 1
    assert masks[0].mean() < masks[1].mean() < masks[2].mean()


def test_smoothing_keeps_what_is_even_as_it_is():
    even = np.full((64, 101), 2.0, dtype=np.float32)

    assert smooth_relevance(even, explanation(even[None]).axes) == pytest.approx(even)


def test_what_cannot_be_heard_is_refused():
    low, _ = two_tones()
    with pytest.raises(SettingError, match="neither times nor frequencies"):
        kept_and_removed(low, RATE, explanation(np.ones((1, 100, 1)), "statistics"))
    with pytest.raises(SettingError, match="nothing in the clip speaks"):
        kept_and_removed(low, RATE, explanation(np.zeros((1, 64, 101))))
    with pytest.raises(SettingError, match="share must be above 0"):
        kept_and_removed(low, RATE, explanation(np.ones((1, 64, 101))), share=0.0)


def test_segments_that_overlap_are_heard_at_their_places():
    low, _ = two_tones(2.0)
    relevance = np.zeros((2, 64, 101))
    relevance[1] = 1.0

    heard = kept_and_removed(low, RATE, explanation(relevance))

    assert energy(heard.kept[: RATE - 2000]) < 1e-3 * energy(low)
    assert energy(heard.kept[RATE + 2000 :]) > 0.98 * energy(low[RATE + 2000 :])


def test_a_clip_beyond_one_is_made_softer_so_that_files_of_both_parts_still_add_up_to_it():
    waveform = sum(two_tones()) * 4

    heard = kept_and_removed(waveform, RATE, explanation(band(2500, 3500)))

    assert max(np.abs(heard.kept).max(), np.abs(heard.removed).max()) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(heard.kept + heard.removed, heard.gain * waveform, atol=2e-6)
