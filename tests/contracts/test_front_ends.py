"""What every front end keeps to."""

import dataclasses
import json

import pytest
import torch

from earmark.features.catalogue import FRONT_ENDS

OF_WAVEFORMS = sorted(name for name, kind in FRONT_ENDS.items() if kind.takes == "waveform")
OF_ONE_GRAPH = [name for name in OF_WAVEFORMS if FRONT_ENDS[name].exportable]


def noise(*shape):
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def build(name):
    return FRONT_ENDS[name].build(FRONT_ENDS[name].settings())


# ---------------------------------------------------------------- those that take waveforms


@pytest.mark.parametrize("name", OF_WAVEFORMS)
@pytest.mark.parametrize("n_samples", [1, 2, 511, 512, 2047, 2048, 22050])
def test_any_length_gives_finite_features_of_three_axes(name, n_samples):
    front_end = build(name)
    features = front_end(noise(3, n_samples))
    assert features.dtype == torch.float32
    assert features.ndim == 3
    assert features.shape[0] == 3
    assert features.shape[2] >= 1
    assert torch.isfinite(features).all()
    if FRONT_ENDS[name].bins_follow_length:
        assert features.shape[2] == 1
    else:
        assert features.shape[1] == front_end(noise(1, 5000)).shape[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_WAVEFORMS)
def test_the_shape_follows_from_the_length_alone(name):
    front_end = build(name)
    assert front_end(noise(1, 9000)).shape == front_end(torch.zeros(1, 9000)).shape


@pytest.mark.parametrize("name", OF_WAVEFORMS)
def test_whether_the_bins_follow_the_length_is_told(name):
    front_end = build(name)
    is_same = front_end(noise(1, 9000)).shape[1] == front_end(noise(1, 5000)).shape[1]
    assert is_same != FRONT_ENDS[name].bins_follow_length


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_WAVEFORMS)
@pytest.mark.parametrize("level", [0.0, 1.0, -1.0])
def test_silence_and_full_scale_give_finite_features(name, level):
    assert torch.isfinite(build(name)(torch.full((2, 4000), level))).all()


@pytest.mark.parametrize("name", OF_WAVEFORMS)
def test_what_else_is_in_the_batch_changes_nothing(name):
    front_end = build(name)
    batch = noise(4, 12000) * torch.tensor([1.0, 0.0, 1e-4, 5.0]).unsqueeze(1)
    alone = torch.cat([front_end(one.unsqueeze(0)) for one in batch])
    torch.testing.assert_close(front_end(batch), alone, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("name", OF_WAVEFORMS)
def test_the_same_waveform_gives_the_same_features_and_stays_as_it_is(name):
    front_end, waveform = build(name), noise(2, 12000)
    before = waveform.clone()
    assert torch.equal(front_end(waveform), front_end.eval()(waveform))
    assert torch.equal(waveform, before)


@pytest.mark.parametrize("name", OF_WAVEFORMS)
def test_the_settings_have_a_sample_rate(name):
    assert FRONT_ENDS[name].settings().sample_rate == 22050


@pytest.mark.parametrize("name", OF_ONE_GRAPH)
@pytest.mark.parametrize("gain", [1.0, 0.0])
def test_a_gradient_reaches_the_waveform_and_is_finite_in_silence_too(name, gain):
    waveform = (gain * noise(1, 12000)).requires_grad_()
    build(name)(waveform).sum().backward()
    assert torch.isfinite(waveform.grad).all()
    assert waveform.grad.any() or gain == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_ONE_GRAPH)
def test_it_works_where_the_waveform_is_and_in_its_precision(name):
    # On the device "meta" nothing is computed, but whatever is made on another device is refused.
    waveform = torch.zeros(2, 6000, dtype=torch.float64, device="meta")
    features = build(name).double().to("meta")(waveform)
    assert features.device.type == "meta"
    assert features.dtype == torch.float64
    assert features.shape == build(name)(noise(2, 6000)).shape


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_ONE_GRAPH)
def test_it_is_exported_with_batch_and_length_left_open(name):
    front_end = build(name)
    sizes = {0: torch.export.Dim("batch", min=1), 1: torch.export.Dim("n_samples", min=8192, max=2**24)}
    program = torch.export.export(front_end, (noise(2, 22050),), dynamic_shapes={"waveform": sizes})
    for shape in [(1, 8192), (3, 66150), (1, 600000)]:
        torch.testing.assert_close(program.module()(noise(*shape)), front_end(noise(*shape)), rtol=1e-5, atol=1e-3)


# ---------------------------------------------------------------- all of them


@pytest.mark.parametrize("name", sorted(FRONT_ENDS))
def test_the_settings_go_through_json_and_back(name):
    settings = FRONT_ENDS[name].settings()
    written = json.dumps(dataclasses.asdict(settings))
    assert all(value is None or isinstance(value, int | float | str) for value in json.loads(written).values())
    again = FRONT_ENDS[name].settings(**json.loads(written))
    assert again == settings
    assert hash(again) == hash(settings)


@pytest.mark.parametrize("name", sorted(FRONT_ENDS))
def test_the_settings_are_frozen_and_keyword_only(name):
    settings = FRONT_ENDS[name].settings()
    fields = dataclasses.fields(settings)
    assert all(field.kw_only for field in fields)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(settings, fields[0].name, 1)


@pytest.mark.parametrize("name", sorted(FRONT_ENDS))
def test_everything_is_made_from_the_settings(name):
    front_end = build(name)
    assert front_end.settings == FRONT_ENDS[name].settings()
    assert not front_end.state_dict()
    assert not list(front_end.parameters())


@pytest.mark.parametrize("name", sorted(FRONT_ENDS))
def test_the_summary_is_one_line(name):
    assert 10 < len(FRONT_ENDS[name].summary) < 100
    assert "\n" not in FRONT_ENDS[name].summary
