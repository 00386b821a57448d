import pytest
import torch

from earmark.models.modulation import ModulationSpectrum

FRAMES_A_SECOND = 50


def beating(rate_hz, *, n_frames=251, phase=0.0):
    time_s = torch.arange(n_frames) / FRAMES_A_SECOND
    return torch.sin(2 * torch.pi * (rate_hz * time_s + phase)).expand(1, 3, -1)


@pytest.mark.parametrize("rate_hz", [3.125, 6.25, 12.5, 18.75])
def test_a_beat_shows_at_its_rate(rate_hz):
    spectrum = ModulationSpectrum(64)(beating(rate_hz))
    rates_hz = torch.arange(1, 33) * FRAMES_A_SECOND / 64
    assert rates_hz[spectrum[0, 1].argmax()] == rate_hz


def test_when_a_beat_begins_changes_next_to_nothing():
    one, other = ModulationSpectrum(64)(beating(12.5)), ModulationSpectrum(64)(beating(12.5, phase=0.37))
    torch.testing.assert_close(one.amax(2), other.amax(2), atol=0.05, rtol=0)


def test_how_loud_it_is_throughout_changes_nothing():
    features = torch.randn(2, 3, 100, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        ModulationSpectrum(32)(features), ModulationSpectrum(32)(features + 5), atol=1e-3, rtol=1e-3
    )


@pytest.mark.parametrize("n_frames", [1, 3, 15, 16, 17, 200])
def test_any_number_of_frames_gives_the_same_number_of_finite_rates(n_frames):
    spectrum = ModulationSpectrum(16)(torch.randn(2, 3, n_frames))
    assert spectrum.shape == (2, 3, 8)
    assert torch.isfinite(spectrum).all()


def test_what_is_steady_has_no_modulation_and_a_gradient():
    features = torch.zeros(1, 2, 40, requires_grad=True)
    spectrum = ModulationSpectrum(16)(features)
    spectrum.sum().backward()
    assert spectrum.detach().unique().numel() == 1
    assert torch.isfinite(features.grad).all()


def test_frames_filled_in_are_as_steady_as_can_be():
    short = torch.full((1, 1, 5), 3.0)
    assert ModulationSpectrum(16)(short).unique().numel() == 1


def test_half_precision_is_computed_in_single():
    assert ModulationSpectrum(16)(torch.randn(1, 2, 40).bfloat16()).dtype == torch.float32


def test_channels_stay_apart():
    maps = torch.randn(2, 4, 3, 40, generator=torch.Generator().manual_seed(0))
    both = ModulationSpectrum(16)(maps)
    assert both.shape == (2, 4, 3, 8)
    torch.testing.assert_close(both[:, 2], ModulationSpectrum(16)(maps[:, 2]))
