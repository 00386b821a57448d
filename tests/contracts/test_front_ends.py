"""What every front end keeps to."""

import dataclasses
import json

import pytest
import torch

from earmark.features.catalogue import FRONT_ENDS


def noise(*shape):
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.fixture(params=sorted(FRONT_ENDS))
def kind(request):
    return FRONT_ENDS[request.param]


@pytest.fixture
def front_end(kind):
    return kind.build(kind.settings())


@pytest.mark.parametrize("n_samples", [1, 2, 511, 512, 2047, 2048, 22050])
def test_any_length_gives_finite_features_of_three_axes(front_end, n_samples):
    features = front_end(noise(3, n_samples))
    assert features.dtype == torch.float32
    assert features.ndim == 3
    assert features.shape[0] == 3
    assert features.shape[1] == front_end(noise(1, 5000)).shape[1]
    assert features.shape[2] >= 1
    assert torch.isfinite(features).all()


def test_the_number_of_frames_follows_from_the_length_alone(front_end):
    assert front_end(noise(1, 9000)).shape == front_end(torch.zeros(1, 9000)).shape


@pytest.mark.parametrize("waveform", [torch.zeros(2, 4000), torch.ones(2, 4000), -torch.ones(2, 4000)])
def test_silence_and_full_scale_give_finite_features(front_end, waveform):
    assert torch.isfinite(front_end(waveform)).all()


def test_what_else_is_in_the_batch_changes_nothing(front_end):
    batch = noise(4, 12000) * torch.tensor([1.0, 0.0, 1e-4, 5.0]).unsqueeze(1)
    alone = torch.cat([front_end(one.unsqueeze(0)) for one in batch])
    torch.testing.assert_close(front_end(batch), alone, rtol=1e-5, atol=1e-3)


def test_the_same_waveform_gives_the_same_features_and_stays_as_it_is(front_end):
    waveform = noise(2, 12000)
    before = waveform.clone()
    assert torch.equal(front_end(waveform), front_end.eval()(waveform))
    assert torch.equal(waveform, before)


def test_a_gradient_reaches_every_part_of_the_waveform(front_end):
    waveform = noise(1, 12000).requires_grad_()
    front_end(waveform).sum().backward()
    assert torch.isfinite(waveform.grad).all()
    assert waveform.grad.abs().max() > 0


def test_the_settings_go_through_json_and_back(kind):
    settings = kind.settings()
    again = kind.settings(**json.loads(json.dumps(dataclasses.asdict(settings))))
    assert again == settings
    assert hash(again) == hash(settings)


def test_the_settings_are_frozen_keyword_only_and_have_a_sample_rate(kind):
    settings = kind.settings()
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.sample_rate = 1
    assert all(field.kw_only for field in dataclasses.fields(settings))
    assert settings.sample_rate == 22050


def test_everything_is_made_from_the_settings(front_end):
    assert not front_end.state_dict()
    assert not list(front_end.parameters())


def test_the_summary_is_one_line(kind):
    assert 10 < len(kind.summary) < 100
    assert "\n" not in kind.summary


@pytest.mark.slow
def test_it_is_exported_with_batch_and_length_left_open(front_end):
    sizes = {0: torch.export.Dim("batch", min=1), 1: torch.export.Dim("n_samples", min=8192, max=2**24)}
    program = torch.export.export(front_end, (noise(2, 22050),), dynamic_shapes={"waveform": sizes})
    for shape in [(1, 8192), (3, 66150)]:
        torch.testing.assert_close(program.module()(noise(*shape)), front_end(noise(*shape)), rtol=1e-5, atol=1e-3)
