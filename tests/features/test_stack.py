import itertools

import pytest
import torch

from earmark.errors import SettingError
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.log_mel import LogMel, LogMelSettings
from earmark.features.mfcc import Mfcc, MfccSettings
from earmark.features.pcen import Pcen, PcenSettings
from earmark.features.stack import Stack, StackSettings

PARTS = ["spectrogram", "log-spectrogram", "mel", "log-mel", "mfcc", "pcen"]


def noise(*shape):
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_the_coefficients_come_first_and_the_bands_follow():
    waveform, stack = noise(2, 22050), Stack()
    features = stack(waveform)
    assert stack.n_first == 13
    assert features.shape == (2, 13 + 128, 44)
    assert torch.equal(features[:, :13], Mfcc()(waveform))
    assert torch.equal(features[:, 13:], LogMel(LogMelSettings(n_mels=128))(waveform))


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(PARTS, 2)))
def test_any_two_share_one_time_axis(first, second):
    front_end = Stack(StackSettings(first=first, second=second, n_fft=512, hop_samples=200, n_mels=20))
    waveform = noise(1, 3000)
    features = front_end(waveform)
    apart = [FRONT_ENDS[name].build(front_end.settings.settings_of(name))(waveform) for name in (first, second)]
    assert torch.equal(features, torch.cat(apart, dim=1))
    assert front_end.n_first == apart[0].shape[1]


@pytest.mark.slow
def test_each_part_takes_the_settings_that_are_its_own():
    stack = Stack(
        StackSettings(
            first="pcen", second="mfcc", n_mels=40, centre=False, gain=0.5, scale=1.0, n_mfcc=7, n_deltas=1, top_db=None
        )
    )
    shared = {"n_mels": 40, "centre": False}
    waveform = noise(1, 6000)
    first = Pcen(PcenSettings(**shared, gain=0.5, scale=1.0))(waveform)
    second = Mfcc(MfccSettings(**shared, n_mfcc=7, n_deltas=1, top_db=None))(waveform)
    assert torch.equal(stack(waveform), torch.cat([first, second], dim=1))


@pytest.mark.parametrize("name", PARTS)
def test_what_is_not_set_is_as_in_the_part_itself(name):
    other = "mel" if name != "mel" else "mfcc"
    own = FRONT_ENDS[name].settings
    expected = own() if name != "log-mel" else own(n_mels=128)  # shared by both, so its own 64 cannot hold
    assert StackSettings(first=name, second=other).settings_of(name) == expected


def test_settings_that_no_part_has_do_nothing():
    waveform = noise(1, 3000)
    with_more = StackSettings(first="mel", second="log-mel", n_mfcc=500, gain=7.0)
    assert torch.equal(Stack(with_more)(waveform), Stack(StackSettings(first="mel", second="log-mel"))(waveform))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"first": "mfc"}, "there is no front end to stack called 'mfc': did you mean 'mfcc'.*known: log-mel"),
        ({"second": "waveform"}, "there is no front end to stack called 'waveform': .*known: log-mel"),
        ({"first": "log-mel"}, "first and second must be two front ends, not both 'log-mel'"),
        ({"n_mfcc": 129}, "n_mfcc must be from 1 to n_mels, which is 128, not 129"),
        ({"hop_samples": 0}, "hop_samples must be at least 1, not 0"),
        ({"second": "pcen", "gain": -1.0}, "gain must be from 0 to 1, not -1"),
        ({"first": "spectrogram", "quantity": "volume"}, "quantity must be 'magnitude' or 'power', not 'volume'"),
    ],
)
def test_settings_that_cannot_be_are_refused(change, message):
    with pytest.raises(SettingError, match=f"^{message}") as refused:
        StackSettings(**change)
    assert "\n" not in str(refused.value)
