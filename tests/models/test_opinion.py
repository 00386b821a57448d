import numpy as np
import pytest
import torch
from scipy.fft import dct

from earmark.errors import SettingError
from earmark.features.mfcc import cosine_rows
from earmark.features.standardise import Standardiser
from earmark.features.statistics import summarise
from earmark.models.opinion import SecondOpinion, octave_columns
from earmark.models.resnet_mel import ResnetMel, ResnetMelSettings
from earmark.train.svm import fit_svm


def features(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def solved(n_bins=20, n_classes=3, share=0.5, n_channels=1, **more):
    opinion = SecondOpinion(n_bins=n_bins, n_channels=n_channels, n_classes=n_classes, share=share, **more)
    shape = (30, n_bins, 15) if n_channels == 1 else (30, n_channels, n_bins, 15)
    points = opinion.statistics(features(*shape))
    opinion.values = Standardiser.fit(points)
    fit_svm(opinion.machine, opinion.values(points), torch.arange(30).numpy() % n_classes)
    return opinion


def test_it_looks_at_five_statistics_of_the_cepstrum_of_the_lower_bands_as_they_were_before_standardisation():
    opinion = SecondOpinion(n_bins=64, n_classes=3, share=0.85)
    decibel = 20.0 * features(2, 64, 50) - 40.0
    opinion.bins = Standardiser.fit(decibel)

    found = opinion.statistics(opinion.bins(decibel))

    cepstrum = dct(decibel[:, :54].double().numpy(), axis=1, norm="ortho")[:, :20]
    torch.testing.assert_close(found, summarise(torch.from_numpy(cepstrum)).float(), rtol=1e-4, atol=1e-3)


def test_it_looks_at_the_ups_and_downs_of_the_lower_coefficients_octave_by_octave():
    opinion = SecondOpinion(n_bins=64, n_classes=3, share=0.85, modulation_frames=64)
    decibel = 20.0 * features(2, 64, 150)
    cepstrum = dct(decibel[:, :54].double().numpy(), axis=1, norm="ortho")[:, :13]
    stretches = [cepstrum[:, :, begin : begin + 64] for begin in (0, 32, 64)]  # what is left fills no fourth
    window = np.hanning(64)
    swings = [np.fft.rfft((one - one.mean(2, keepdims=True)) * window)[:, :, 1:] for one in stretches]
    loudness = np.log(np.mean(np.abs(swings) ** 2, axis=0) + 1e-2)  # (2, 13, 32)
    octaves = [loudness[:, :, low - 1 : 2 * low - 1].mean(2) for low in (1, 2, 4, 8, 16)]

    found = opinion.statistics(decibel)

    assert found.shape == (2, 5 * 20 + 13 * 5, 1)
    torch.testing.assert_close(
        found[:, 100:, 0], torch.from_numpy(np.stack(octaves, axis=2).reshape(2, -1)).float(), rtol=1e-3, atol=1e-3
    )
    assert torch.equal(found[:, :100], SecondOpinion(n_bins=64, n_classes=3, share=0.85).statistics(decibel))


@pytest.mark.parametrize(
    ("n_rates", "widths"), [(2, [1]), (3, [1, 2]), (6, [1, 2]), (7, [1, 2, 4]), (32, [1, 2, 4, 8, 16])]
)
def test_octaves_take_a_mean_over_all_of_their_rates_or_are_left_out(n_rates, widths):
    columns = octave_columns(n_rates)
    assert columns.shape == (n_rates, len(widths))
    assert [int((column > 0).sum()) for column in columns.T] == widths
    torch.testing.assert_close(columns.sum(0), torch.ones(len(widths)))
    assert bool(((columns > 0).sum(1) <= 1).all())  # no rate is in two


def test_a_network_without_modulation_spectrum_has_an_opinion_without_ups_and_downs():
    assert network(modulation_frames=None).opinion.swings is None
    assert network(modulation_frames=8).opinion.statistics(features(2, 20, 15)).shape == (2, 5 * 17 + 13 * 2, 1)


@pytest.mark.parametrize("weight", [0.0, 1.0, -0.1, float("nan")])
def test_a_weight_that_cannot_be_is_refused(weight):
    with pytest.raises(SettingError, match="opinion_weight must be above 0 and below 1"):
        ResnetMelSettings(opinion_weight=weight)


def test_what_lies_above_its_share_of_the_bands_does_not_count():
    opinion = SecondOpinion(n_bins=20, n_classes=3, share=0.5)
    batch = features(2, 20, 15)
    other = batch.clone()
    other[:, 10:] += 5.0

    assert torch.equal(opinion.statistics(batch), opinion.statistics(other))
    other[:, 9] += 5.0
    assert not torch.allclose(opinion.statistics(batch), opinion.statistics(other))


@pytest.mark.parametrize("weight", [0.3, 0.5])
def test_each_counts_for_its_weight_with_a_temperature_of_its_own(weight):
    opinion, batch = solved(weight=weight), features(4, 20, 15, seed=2)
    opinion.temperature.fill_(0.5)
    opinion.network_temperature.fill_(2.0)
    logits = features(4, 3, seed=3)

    together = torch.softmax(opinion(batch, logits), dim=1)

    of_machine = torch.softmax(opinion.scores(batch) / 0.5, 1)
    expected = (1 - weight) * torch.softmax(logits / 2.0, 1) + weight * of_machine
    torch.testing.assert_close(together, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_features_with_channels_are_heard_channel_by_channel(n_channels):
    opinion = solved(n_channels=n_channels)
    assert opinion.machine.support.shape[1] == 50 * n_channels


def test_one_bin_is_enough_for_an_opinion():
    assert SecondOpinion(n_bins=1, n_classes=2, share=0.1).statistics(features(2, 1, 1)).shape == (2, 5, 1)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, float("nan")])
def test_a_share_that_cannot_be_is_refused(share):
    with pytest.raises(SettingError, match="opinion_share must be above 0 and at most 1"):
        ResnetMelSettings(opinion_share=share)


def network(**settings):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return ResnetMel(
            n_bins=20, n_frames=15, n_classes=3, settings=ResnetMelSettings(n_channels=2, n_blocks=1, **settings)
        )


def test_a_network_gives_its_own_logits_until_the_opinion_is_solved_and_while_it_learns():
    net, batch = network().eval(), features(4, 20, 15)
    assert torch.equal(net(batch), net.logits(batch))
    net.opinion = solved()
    assert not torch.allclose(net(batch), net.logits(batch))
    own = net.train()
    with torch.random.fork_rng():
        torch.manual_seed(5)
        heard = own(batch)
        torch.manual_seed(5)
        assert torch.equal(heard, own.logits(batch))


def test_the_weights_drawn_are_those_of_a_network_without_opinion():
    with_it, without = network(), network(opinion_share=None)
    assert without.opinion is None
    for one, other in zip(with_it.parameters(), without.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_state_of_a_version_without_opinion_is_loaded_and_has_none():
    old = network(opinion_share=None).eval().state_dict()
    net = network().eval()
    net.load_state_dict(old)
    assert net.opinion is None


def test_a_solved_state_put_into_a_fresh_one_gives_the_same_bits():
    net, fresh, batch = network().eval(), network().eval(), features(4, 20, 15)
    net.opinion = solved(share=0.85, modulation_frames=64)
    fresh.load_state_dict(net.state_dict())
    assert fresh.opinion.is_solved
    assert torch.equal(fresh(batch), net(batch))


def test_the_rows_of_the_cosine_transform_are_orthonormal():
    rows = cosine_rows(5, 9)
    torch.testing.assert_close(rows @ rows.T, torch.eye(5).double())
