import pytest
import torch
from torch.nn import functional

from earmark.errors import SettingError
from earmark.models.wave_cnn import WaveCnn, WaveCnnSettings


def build(n_frames=65536, **settings):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return WaveCnn(n_bins=1, n_frames=n_frames, n_classes=3, settings=WaveCnnSettings(**settings)).eval()


def waveform(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def as_written_in_the_notebook(network, maps):
    """Convolutions of one dimension, each with ReLU, then pooling."""
    for convolution in network.layers[:-1:3]:
        maps = functional.relu(functional.conv1d(maps, convolution.weight[:, :, 0], convolution.bias, padding=4))
        maps = functional.max_pool1d(maps, 16, padding=4)
    return network.classes(maps.flatten(1))


@pytest.mark.parametrize("n_frames", [30584, 40001, 65536])
def test_it_is_the_network_of_one_dimension_written_otherwise(n_frames):
    network, batch = build(n_frames), waveform(2, 1, n_frames)

    with torch.inference_mode():
        torch.testing.assert_close(network(batch), as_written_in_the_notebook(network, batch), rtol=1e-4, atol=1e-5)


def test_it_is_so_with_other_settings_and_several_bins_too():
    network = WaveCnn(n_bins=2, n_frames=500, n_channels=3, n_classes=3, settings=WaveCnnSettings(n_layers=2)).eval()
    batch = waveform(2, 3, 2, 500)

    torch.testing.assert_close(network(batch), as_written_in_the_notebook(network, batch.flatten(1, 2)))


def test_of_65536_samples_one_place_is_left_for_the_classes():
    assert build(65536).classes.in_features == 10


def test_the_shortest_waveform_goes_through_and_one_sample_less_is_refused_with_what_to_do():
    assert build(30584)(waveform(1, 1, 30584)).shape == (1, 3)
    with pytest.raises(SettingError, match=r"of at least 30584 frames, not 30583: .* a smaller decimation"):
        build(30583)
    with pytest.raises(RuntimeError):
        build(30584)(waveform(1, 1, 30583))


def test_a_smaller_pool_takes_shorter_waveforms():
    assert build(5513, pool=8)(waveform(2, 1, 5513)).shape == (2, 3)


@pytest.mark.parametrize("settings", [{"n_layers": 0}, {"n_channels": 0}, {"width": 0}, {"width": 8}, {"pool": 0}])
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(SettingError, match=next(iter(settings))):
        WaveCnnSettings(**settings)
