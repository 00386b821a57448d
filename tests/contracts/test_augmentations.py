"""What every augmentation of the catalogue must do."""

import json
from dataclasses import asdict, fields, replace

import numpy as np
import pytest
import soundfile

from earmark.augment.catalogue import AUGMENTATIONS
from earmark.augment.mixing import Mixed
from earmark.errors import SettingError

# Settings of no strength, which must change no bit; None where only p = 0 does nothing.
NEUTRAL = {
    "pitch-shift": {"semitones_low": 0.0, "semitones_high": 0.0},
    "time-stretch": {"rate_low": 1.0, "rate_high": 1.0},
    "speed": {"speed_low": 1.0, "speed_high": 1.0},
    "noise": None,
    "background": None,
    "gain": {"gain_db_low": 0.0, "gain_db_high": 0.0},
    "time-shift": {"shift_s_low": 0.0, "shift_s_high": 0.0},
    "polarity": None,
    "room": {"rt60_s_low": 0.0, "rt60_s_high": 0.0},
    "power-gain": {"gain_db_low": 0.0, "gain_db_high": 0.0},
    "power-shift": {"share_low": 0.0, "share_high": 0.0},
    "equaliser": {"gain_db": 0.0},
    "noise-floor": None,
    "mix-energies": {"alpha": 0.0},
    "time-mask": {"max_share": 0.0},
    "frequency-mask": {"n_masks": 0},
    "feature-noise": {"share_low": 0.0, "share_high": 0.0},
    "mixup": {"alpha": 0.0},
    "brightness": {"change_low": 0.0, "change_high": 0.0},
    "contrast": {"factor_low": 1.0, "factor_high": 1.0},
    "picture-noise": {"sd_low": 0.0, "sd_high": 0.0},
    "flip": None,
}
SHAPES = {"waveform": (3000,), "power": (16, 40), "features": (16, 40), "picture": (4, 12, 20)}
ONE_OF_EACH = {"waveform": (1,), "power": (1, 1), "features": (1, 1), "picture": (1, 1, 1)}

ALL = list(AUGMENTATIONS)
WITH_NEUTRAL = [name for name in ALL if NEUTRAL[name] is not None]
ALONE = [name for name in ALL if not AUGMENTATIONS[name].mixes]
RANGES = [
    (name, field.name.removesuffix("_low"))
    for name, kind in AUGMENTATIONS.items()
    for field in fields(kind.settings)
    if field.name.endswith("_low")
]


@pytest.fixture(scope="session")
def street(tmp_path_factory):
    """Write a recording to be put behind others."""
    path = tmp_path_factory.mktemp("street") / "street.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(7).standard_normal(8000), 16000)
    return path


@pytest.fixture
def settings(street):
    """Make the settings of an augmentation."""

    def make(name, **values):
        given = {"path": str(street)} if name == "background" else {}
        return AUGMENTATIONS[name].settings(**given, **values)

    return make


def batch_for(name, n=3, shape=None, seed=0):
    """Return items as the augmentation takes them, which nobody can write into."""
    takes = AUGMENTATIONS[name].takes
    generator = np.random.default_rng(seed)
    items = generator.standard_normal((n, *(shape or SHAPES[takes]))).astype(np.float32)
    if takes == "waveform":
        items *= 0.1
    if takes == "power":
        items = items**2
    if takes == "picture":
        items = generator.random(items.shape, dtype=np.float32)
    items.flags.writeable = False
    return items


def targets_for(items):
    targets = np.eye(max(2, len(items)), dtype=np.float32)[: len(items)]
    targets.flags.writeable = False
    return targets


def apply(name, items, settings, seed=0):
    """Return what becomes of items; targets are given to those that want them, and dropped."""
    kind = AUGMENTATIONS[name]
    generator = np.random.default_rng(seed)
    if not kind.mixes:
        return kind.apply(items, generator, settings)
    mixed = kind.apply(Mixed(items, targets_for(items)), generator, settings)
    assert mixed.targets.shape == targets_for(items).shape
    assert mixed.targets.dtype == np.float32
    np.testing.assert_allclose(mixed.targets.sum(axis=1), 1.0, rtol=1e-6)
    return mixed.batch


def test_every_augmentation_is_shown_without_strength_or_has_none():
    assert set(NEUTRAL) == set(AUGMENTATIONS)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("n", [0, 1, 3])
def test_shape_and_type_stay_and_every_value_is_finite(name, n, settings):
    items = batch_for(name, n)
    changed = apply(name, items, settings(name))

    assert changed.shape == items.shape
    assert changed.dtype == np.float32
    assert np.isfinite(changed).all()


@pytest.mark.parametrize("name", ALL)
def test_the_shortest_item_is_enough(name, settings):
    items = batch_for(name, 4, ONE_OF_EACH[AUGMENTATIONS[name].takes])
    for seed in range(5):
        changed = apply(name, items, settings(name), seed)
        assert changed.shape == items.shape
        assert np.isfinite(changed).all()


@pytest.mark.parametrize("name", ALL)
def test_what_comes_out_is_new_and_can_be_written_into(name, settings):
    items = batch_for(name)
    before = items.copy()
    for p in (0.0, 1.0):
        changed = apply(name, items, settings(name, p=p))
        assert not np.shares_memory(changed, items)
        changed += 1

    assert (items == before).all()


@pytest.mark.parametrize("name", ALL)
def test_it_does_something_and_follows_from_the_generator(name, settings):
    items = batch_for(name)
    one, again, other = (apply(name, items, settings(name), seed) for seed in (1, 1, 2))

    assert (one == again).all()
    assert not (one == items).all()
    assert name in {"polarity", "flip"} or not (one == other).all()


@pytest.mark.parametrize("name", ALL)
def test_no_global_state_is_used_or_changed(name, settings):
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - it is looked at, not used
    apply(name, batch_for(name), settings(name))

    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002 - as above


@pytest.mark.parametrize("name", ALL)
def test_no_chance_is_no_change(name, settings):
    items = batch_for(name)
    for seed in range(3):
        assert (apply(name, items, settings(name, p=0.0), seed) == items).all()


@pytest.mark.parametrize("name", WITH_NEUTRAL)
def test_no_strength_is_no_change(name, settings):
    items = batch_for(name)
    for seed in range(3):
        assert (apply(name, items, settings(name, **NEUTRAL[name]), seed) == items).all()


@pytest.mark.parametrize("name", ALL)
def test_half_a_chance_changes_about_half_of_the_items(name, settings):
    n = 120
    shape = (500,) if AUGMENTATIONS[name].takes == "waveform" else None
    items = batch_for(name, n, shape)
    changed = apply(name, items, settings(name, p=0.5), seed=3)
    n_changed = (changed != items).reshape(n, -1).any(axis=1).sum()

    # A mixture with a share of nearly 1, or a mask of no width, changes nothing too: hence the lower limit.
    assert 0.25 * n <= n_changed <= 0.7 * n


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("level", [0.0, 1.0, -1.0])
def test_silence_and_full_scale_stay_finite(name, level, settings):
    takes = AUGMENTATIONS[name].takes
    if level < 0 and takes in {"power", "picture"}:
        level = 1e12 if takes == "power" else 0.5
    items = np.full((2, *SHAPES[takes]), level, np.float32)

    assert np.isfinite(apply(name, items, settings(name))).all()


@pytest.mark.parametrize("name", ALL)
def test_silence_beside_sound_stays_finite(name, settings):
    items = batch_for(name, 4).copy()
    items[[0, 2]] = 0.0
    for seed in range(5):
        assert np.isfinite(apply(name, items, settings(name), seed)).all()


@pytest.mark.parametrize("name", ALONE)
def test_what_the_other_items_hold_changes_nothing(name, settings):
    items = batch_for(name, 4)
    others = batch_for(name, 4, seed=5).copy()
    others[2] = items[2]
    others[0] = 0.0

    assert (apply(name, items, settings(name))[2] == apply(name, others, settings(name))[2]).all()


@pytest.mark.parametrize("name", ALONE)
def test_items_that_are_alike_are_not_changed_alike(name, settings):
    items = np.repeat(batch_for(name, 1), 16, axis=0)
    changed = apply(name, items, settings(name))

    assert (changed != changed[:1]).any()


@pytest.mark.parametrize("name", ALL)
def test_settings_go_through_json_and_back(name, settings):
    assert type(settings(name))(**json.loads(json.dumps(asdict(settings(name))))) == settings(name)


@pytest.mark.parametrize("name", ALL)
def test_settings_cannot_be_changed_and_are_given_by_name(name, settings):
    with pytest.raises(AttributeError):
        settings(name).p = 0.5
    with pytest.raises(TypeError):
        type(settings(name))(0.5)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("p", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_chance_is_from_0_to_1(name, p, settings):
    with pytest.raises(SettingError, match=r"^p must be from 0 to 1, not"):
        settings(name, p=p)


@pytest.mark.parametrize(("name", "range_"), RANGES)
def test_a_range_is_the_right_way_round_and_finite(name, range_, settings):
    low, high = f"{range_}_low", f"{range_}_high"
    usual = settings(name)
    with pytest.raises(SettingError, match=f"^{low} must be at most {high}, which is"):
        replace(usual, **{low: getattr(usual, high), high: getattr(usual, low)})
    for end in (low, high):
        for value in (float("nan"), float("inf"), -float("inf")):
            with pytest.raises(SettingError, match=f"^{end} must be from"):
                replace(usual, **{end: value})


@pytest.mark.parametrize("name", ALL)
def test_a_batch_of_another_shape_or_type_is_refused(name, settings):
    items = batch_for(name)
    for wrong in (items[0], items[..., None], items[..., :0]):
        with pytest.raises(SettingError, match=r"has the shape \(batch, "):
            apply(name, wrong, settings(name))
    for dtype in (np.float64, np.uint8):
        with pytest.raises(SettingError, match="is float32, not"):
            apply(name, items.astype(dtype), settings(name))


@pytest.mark.parametrize("name", ALL)
def test_it_says_in_one_line_what_it_does(name):
    summary = AUGMENTATIONS[name].summary

    assert 10 < len(summary) < 90
    assert "\n" not in summary
    assert not summary.endswith(".")
