import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from earmark.audio.segments import Segments, cut_segments
from earmark.errors import SettingError
from earmark.features.apply import segment_features
from earmark.features.log_mel import LogMel, LogMelSettings
from earmark.features.mfcc import Mfcc


def noise(n_samples, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(n_samples)).astype(np.float32)


def test_thirty_seconds_in_ten_segments_give_the_notebooks_shape():
    features = segment_features(noise(661500), Mfcc(), Segments(length_samples=66150, hop_samples=66150))
    assert features.shape == (10, 13, 130)
    assert features.dtype == np.float32
    assert features.flags.c_contiguous


def test_each_segment_is_what_the_front_end_makes_of_it():
    waveform, segments, front_end = noise(30000), Segments(length_samples=8000, hop_samples=4000), LogMel()
    features = segment_features(waveform, front_end, segments)
    expected = front_end(torch.from_numpy(cut_segments(waveform, segments).copy()))
    torch.testing.assert_close(torch.from_numpy(features), expected, rtol=0, atol=1e-3)


def test_without_segments_the_clip_is_taken_whole():
    waveform = noise(30000)
    assert segment_features(waveform, LogMel(), None).shape == (1, 64, 59)


def test_a_loud_segment_does_not_lift_the_floor_of_a_quiet_one():
    waveform = np.concatenate([noise(8000), 1e-5 * noise(8000)]).astype(np.float32)
    loud, quiet = segment_features(
        waveform, LogMel(LogMelSettings(top_db=40.0)), Segments(length_samples=8000, hop_samples=8000)
    )
    assert quiet.max() < loud.min()


@pytest.mark.parametrize("segments", [None, Segments(length_samples=4000, hop_samples=1000)])
def test_a_waveform_that_cannot_be_written_to_is_taken(segments):
    waveform = noise(9000)
    waveform.flags.writeable = False
    assert segment_features(waveform, LogMel(), segments).shape[1] == 64


@pytest.mark.parametrize("segments", [None, Segments(length_samples=4000, hop_samples=4000)])
def test_the_features_need_no_gradient_even_of_a_front_end_with_parameters(segments):
    front_end = torch.nn.Sequential(LogMel(), torch.nn.Linear(8, 8))
    assert isinstance(segment_features(noise(4000), front_end, segments), np.ndarray)


class Itself(torch.nn.Module):
    """Gives the waveform back, not even copied."""

    def forward(self, waveform):
        return waveform.unsqueeze(1)


@given(st.integers(1, 60), st.integers(1, 25), st.integers(1, 25), st.booleans())
def test_the_segments_are_those_of_cut_segments(n_samples, length_samples, hop_samples, has_stride):
    waveform = noise(2 * n_samples)[::2] if has_stride else noise(n_samples)
    segments = Segments(length_samples=length_samples, hop_samples=min(hop_samples, length_samples))
    features = segment_features(waveform, Itself(), segments)
    np.testing.assert_array_equal(features[:, 0], cut_segments(waveform, segments))


@pytest.mark.parametrize("segments", [None, Segments(length_samples=100, hop_samples=100)])
def test_features_share_no_memory_with_the_waveform(segments):
    waveform = noise(100)
    before = waveform.copy()
    features = segment_features(waveform, Itself(), segments)
    features[:] = 7
    np.testing.assert_array_equal(waveform, before)


def test_segments_are_not_copied_before_the_front_end_sees_them():
    waveform, seen = noise(1000), []

    class Watch(Itself):
        def forward(self, segment):
            seen.extend(one.data_ptr() - waveform.ctypes.data for one in segment)
            return super().forward(segment)

    segment_features(waveform, Watch(), Segments(length_samples=300, hop_samples=100))
    assert seen == [4 * start for start in range(0, 701, 100)]


def test_a_waveform_without_samples_is_refused():
    with pytest.raises(SettingError, match="at least one"):
        segment_features(noise(0), Itself(), Segments(length_samples=10, hop_samples=10))
