import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.augment.catalogue import AUGMENTATIONS
from earmark.augment.chain import Chain, describe_steps, parse_steps
from earmark.augment.gain import GainSettings
from earmark.augment.masks import MaskSettings
from earmark.augment.mixing import Mixed, MixEnergiesSettings
from earmark.augment.noise import BackgroundSettings, NoiseSettings
from earmark.augment.room import RoomSettings
from earmark.augment.shift import TimeShiftSettings
from earmark.errors import SettingError

SOUND = np.random.default_rng(1).standard_normal((4, 500)).astype(np.float32)


def chain(*texts):
    return Chain(parse_steps(texts))


def applied(steps, seed=0, batch=SOUND):
    return chain(steps).apply(batch, np.random.default_rng(seed))


# ---------------------------------------------------------------- applying


def test_steps_are_applied_in_their_order():
    half = applied("gain:gain_db_low=-6:gain_db_high=-6,noise:snr_db_low=0:snr_db_high=0")
    late = applied("noise:snr_db_low=0:snr_db_high=0,gain:gain_db_low=-6:gain_db_high=-6")
    np.testing.assert_allclose(half, late, rtol=1e-4)  # a ratio is a ratio at any level
    silent = "time-shift:shift_s_low=1:shift_s_high=1:fill=silence"
    assert not applied(f"noise,{silent}").any()


def test_a_chain_follows_from_its_generator():
    assert (applied("gain,noise", 3) == applied("gain,noise", 3)).all()
    assert not (applied("gain,noise", 3) == applied("gain,noise", 4)).any()


def test_another_step_changes_nothing_for_the_random_numbers_of_the_others():
    still = "time-shift:p=0"
    assert (applied("noise,gain") == applied(f"{still},noise,{still},gain,{still}")).all()


def test_steps_of_one_name_have_random_numbers_of_their_own():
    ones = np.ones((200, 1), np.float32)
    once = 20 * np.log10(applied("gain", batch=ones))
    twice = 20 * np.log10(applied("gain,gain", batch=ones))
    assert abs(np.corrcoef(once.ravel(), (twice - once).ravel())[0, 1]) < 0.2


def test_batch_after_batch_is_another():
    generator = np.random.default_rng(0)
    steps = chain("gain")
    assert not (steps.apply(SOUND, generator) == steps.apply(SOUND, generator)).any()


def test_no_steps_give_a_copy():
    for batch in (SOUND, Mixed(SOUND, np.ones((4, 1), np.float32))):
        copied = Chain([]).apply(batch, np.random.default_rng(0))
        first, second = (batch, copied) if isinstance(batch, np.ndarray) else (batch.batch, copied.batch)
        assert (first == second).all()
        assert not np.shares_memory(first, second)


def test_targets_are_carried_past_the_steps_that_do_not_mix():
    power = np.ones((3, 2, 4), np.float32)
    mixed = Mixed(power, np.eye(3, dtype=np.float32))
    out = chain("power-gain").apply(mixed, np.random.default_rng(0))
    assert (out.targets == mixed.targets).all()
    assert not (out.batch == power).any()
    out = chain("mix-energies:p=1:alpha=50,power-gain").apply(mixed, np.random.default_rng(0))
    assert (np.diag(out.targets) < 1).all()
    assert (mixed.targets == np.eye(3)).all()


def test_what_mixes_is_refused_without_targets():
    with pytest.raises(SettingError, match=r"'mix-energies' mixes targets too: give it Mixed\(batch, targets\)"):
        chain("mix-energies").apply(np.ones((1, 2, 3), np.float32), np.random.default_rng(0))
    assert chain("power-gain,mix-energies").mixes
    assert not chain("power-gain").mixes


def test_steps_of_several_stages_are_taken_apart():
    steps = chain("gain,power-gain,time-mask,polarity")
    assert steps.takes == ("waveform", "power", "features")
    assert [name for name, _ in steps.only("waveform").steps] == ["gain", "polarity"]
    assert steps.only("picture").steps == ()
    with pytest.raises(SettingError, match=r"these steps take waveform and power and features: .* only\(\)"):
        steps.apply(SOUND, np.random.default_rng(0))


def test_the_rate_of_the_sound_reaches_the_steps_that_ask_for_it():
    (_, shift), (_, gain), (_, room) = chain("time-shift,gain,room").at_rate(8000).steps
    assert (shift, gain, room) == (TimeShiftSettings(sample_rate=8000), GainSettings(), RoomSettings(sample_rate=8000))


def test_settings_of_another_step_and_unknown_names_are_refused():
    with pytest.raises(SettingError, match="'gain' takes GainSettings, not NoiseSettings"):
        Chain([("gain", NoiseSettings())])
    with pytest.raises(SettingError, match="did you mean 'gain'"):
        Chain([("gian", GainSettings())])


# ---------------------------------------------------------------- typing


@pytest.mark.parametrize(
    ("texts", "steps"),
    [
        (["gain", "noise:snr_db_low=5"], [("gain", GainSettings()), ("noise", NoiseSettings(snr_db_low=5.0))]),
        ([" gain , noise : colour = pink : p=1 "], [("gain", GainSettings()), ("noise", NoiseSettings(colour="pink"))]),
        (["time-mask:fill=none:n_masks=3"], [("time-mask", MaskSettings(n_masks=3))]),
        (["time-mask:fill=-80"], [("time-mask", MaskSettings(fill=-80.0))]),
        (["mix-energies:level=mean"], [("mix-energies", MixEnergiesSettings(level="mean"))]),
        (["background:path=C:\\street:p=0.5"], [("background", BackgroundSettings(path="C:\\street", p=0.5))]),
        (["background:path=a b/c.wav"], [("background", BackgroundSettings(path="a b/c.wav"))]),
    ],
)
def test_steps_are_read_as_they_are_typed(texts, steps):
    assert parse_steps(texts) == steps


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nose", "there is no augmentation called 'nose': did you mean 'noise'"),
        ("noise,,gain", "a step has no name: known: background"),
        ("", "a step has no name"),
        ("noise:snr_low=5", "noise.snr_low: there is no such setting: did you mean 'snr_db_low'"),
        ("noise:5", "noise wants settings as KEY=VALUE, such as noise:p=0.5, not '5'"),
        ("noise:", "noise wants settings as KEY=VALUE"),
        ("noise:p=1:p=0", "noise.p is given twice"),
        ("noise:p=often", "noise.p: input should be a valid number.*, not 'often'"),
        ("noise:p=2", "noise.p must be from 0 to 1, not 2"),
        ("noise:p=nan", "noise.p must be from 0 to 1, not nan"),
        ("noise:colour=brown", "noise.colour must be 'white'|noise.colour: input should be 'white' or 'pink'"),
        ("noise:snr_db_low=50", "noise.snr_db_low must be at most snr_db_high, which is 30, not 50"),
        ("time-mask:n_masks=1.5", "time-mask.n_masks: input should be a valid integer"),
        ("time-mask:n_masks=none", "time-mask.n_masks: input should be a valid integer"),
        ("background", "background.path is missing: write background:path=..."),
        ("room:sample_rate=8000", "room.sample_rate: it is that of the sound"),
    ],
)
def test_what_cannot_be_typed_is_one_clear_line(text, message):
    with pytest.raises(SettingError, match=message) as caught:
        parse_steps([text])
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@given(st.lists(st.sampled_from(sorted(set(AUGMENTATIONS) - {"background"})), min_size=1, max_size=5), st.floats(0, 1))
def test_steps_come_back_from_what_they_are_described_as(names, p):
    steps = [(name, AUGMENTATIONS[name].settings(p=p)) for name in names]
    assert parse_steps([describe_steps(steps)]) == steps


def test_a_description_names_what_is_not_the_default():
    steps = [
        ("gain", GainSettings()),
        ("time-shift", TimeShiftSettings(fill="silence", sample_rate=8000)),
        ("background", BackgroundSettings(path="street")),
        ("time-mask", MaskSettings(fill=-80.0)),
    ]
    assert describe_steps(steps) == "gain,time-shift:fill=silence,background:path=street,time-mask:fill=-80.0"
