import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from earmark.audio.segments import Segments, cut_segments, segment_starts, segments_by_count, segments_by_length
from earmark.errors import SettingError


@st.composite
def all_segments(draw):
    length_samples = draw(st.integers(1, 60))
    return Segments(length_samples=length_samples, hop_samples=draw(st.integers(1, length_samples)))


def ramp(n_samples):
    """Return samples that say where they stand, counted from 1, so that padding is told from sound."""
    return np.arange(1, n_samples + 1, dtype=np.float32)


@given(n_samples=st.integers(1, 500), length_samples=st.integers(1, 60))
def test_every_sample_is_in_a_segment_but_a_rest_shorter_than_half_of_one(n_samples, length_samples):
    segments = Segments(length_samples=length_samples, hop_samples=length_samples)
    covered = set(cut_segments(ramp(n_samples), segments).ravel().astype(int).tolist()) - {0}
    missed = set(range(1, n_samples + 1)) - covered
    assert 2 * len(missed) < length_samples
    assert missed == set(range(n_samples - len(missed) + 1, n_samples + 1))


@given(n_samples=st.integers(1, 500), segments=all_segments())
def test_with_any_hop_only_an_end_shorter_than_half_a_segment_is_missed(n_samples, segments):
    starts = segment_starts(n_samples, segments)
    gaps = np.diff(starts)
    assert starts[0] == 0
    assert (gaps > 0).all()
    assert (gaps <= segments.length_samples).all()
    assert 2 * (n_samples - starts[-1] - segments.length_samples) < segments.length_samples


@given(n_samples=st.integers(1, 500), segments=all_segments())
def test_starts_and_cut_agree(n_samples, segments):
    starts = segment_starts(n_samples, segments)
    cut = cut_segments(ramp(n_samples), segments)
    assert cut.shape == (len(starts), segments.length_samples)
    np.testing.assert_array_equal(cut[:, 0], np.array(starts) + 1)


@given(n_samples=st.integers(1, 500), segments=all_segments())
def test_no_segment_reads_beyond_the_clip_unless_it_is_the_only_one(n_samples, segments):
    starts = segment_starts(n_samples, segments)
    if n_samples >= segments.length_samples:
        assert starts[-1] + segments.length_samples <= n_samples
        assert (cut_segments(ramp(n_samples), segments) > 0).all()
    else:
        assert starts == [0]


@given(n_samples=st.integers(1, 100), n_more=st.integers(1, 100))
def test_a_clip_shorter_than_a_segment_is_padded_at_its_end(n_samples, n_more):
    segments = Segments(length_samples=n_samples + n_more, hop_samples=n_samples + n_more)
    expected = np.concatenate([ramp(n_samples), np.zeros(n_more)])[np.newaxis]
    np.testing.assert_array_equal(cut_segments(ramp(n_samples), segments), expected)


def test_a_clip_of_one_sample_gives_one_padded_segment():
    cut = cut_segments(np.ones(1, np.float32), Segments(length_samples=4, hop_samples=2))
    np.testing.assert_array_equal(cut, [[1, 0, 0, 0]])


@pytest.mark.parametrize("n_more", [0, 1, 7, 49])
def test_a_clip_a_little_longer_than_a_segment_gives_one(n_more):
    assert segment_starts(100 + n_more, Segments(length_samples=100, hop_samples=100)) == [0]


@pytest.mark.parametrize("n_samples", [150, 151, 199])
def test_a_rest_of_half_a_segment_gives_one_more_that_ends_with_the_clip(n_samples):
    assert segment_starts(n_samples, Segments(length_samples=100, hop_samples=100)) == [0, n_samples - 100]


def test_half_of_an_odd_length_is_not_rounded():
    segments = Segments(length_samples=5, hop_samples=5)
    assert segment_starts(7, segments) == [0]  # a rest of 2 is less than 2.5
    assert segment_starts(8, segments) == [0, 3]


def test_overlapping_segments_follow_one_another_at_the_hop():
    assert segment_starts(10, Segments(length_samples=4, hop_samples=2)) == [0, 2, 4, 6]


def test_segments_are_a_copy():
    waveform = ramp(10)
    cut_segments(waveform, Segments(length_samples=5, hop_samples=5))[:] = 0
    np.testing.assert_array_equal(waveform, ramp(10))


@given(n_segments=st.integers(1, 40), clip_samples=st.integers(1, 5000))
def test_a_count_gives_just_that_number_or_is_refused(n_segments, clip_samples):
    try:
        segments = segments_by_count(n_segments, clip_samples=clip_samples)
    except SettingError:
        assert clip_samples < 2 * n_segments**2  # only a clip of a few samples a segment is ever refused
        return
    assert len(cut_segments(ramp(clip_samples), segments)) == n_segments
    assert clip_samples - n_segments * segments.length_samples < n_segments


def test_the_clips_of_gtzan_are_cut_into_ten():
    segments = segments_by_count(10, clip_samples=661_794)
    assert segments == Segments(length_samples=66_179, hop_samples=66_179)
    for n_samples in (660_000, 661_504, 675_808):  # the shortest, the usual, the longest
        assert len(segment_starts(n_samples, segments)) == 10


@pytest.mark.parametrize(("n_segments", "clip_samples"), [(0, 100), (-1, 100), (101, 100), (1, 0), (1, -5), (10, 19)])
def test_a_count_that_cannot_be_is_refused(n_segments, clip_samples):
    with pytest.raises(SettingError, match=r"n_segments is|cannot be cut into"):
        segments_by_count(n_segments, clip_samples=clip_samples)


@given(segment_s=st.floats(0.01, 10), part=st.floats(0.01, 1), sample_rate=st.sampled_from([8000, 22050, 44100]))
def test_lengths_are_rounded_to_samples(segment_s, part, sample_rate):
    assume(round(segment_s * part * sample_rate) >= 1)
    segments = segments_by_length(segment_s, hop_s=segment_s * part, sample_rate=sample_rate)
    assert abs(segments.length_samples - segment_s * sample_rate) <= 0.5
    assert abs(segments.hop_samples - segment_s * part * sample_rate) <= 0.5


def test_without_a_hop_segments_lie_side_by_side():
    assert segments_by_length(3.0, sample_rate=22050) == Segments(length_samples=66150, hop_samples=66150)


@pytest.mark.parametrize("segment_s", [0, -1, 1e-9, float("nan"), float("inf")])
def test_a_length_that_cannot_be_is_refused(segment_s):
    with pytest.raises(SettingError, match="segment_s is"):
        segments_by_length(segment_s, sample_rate=22050)


@pytest.mark.parametrize("hop_s", [0, -1, 1e-9, float("nan"), float("inf")])
def test_a_hop_that_cannot_be_is_refused(hop_s):
    with pytest.raises(SettingError, match="hop_s is"):
        segments_by_length(1.0, hop_s=hop_s, sample_rate=22050)


def test_a_hop_longer_than_the_segment_is_refused_because_it_would_pass_over_sound():
    with pytest.raises(SettingError, match=r"hop_s is 2 and segment_s is 1: the 1 s between .* passed over"):
        segments_by_length(1.0, hop_s=2.0, sample_rate=22050)
    with pytest.raises(SettingError, match="passed over"):
        Segments(length_samples=10, hop_samples=11)


@pytest.mark.parametrize(("length_samples", "hop_samples"), [(0, 0), (-1, 1), (5, 0), (5, -5)])
def test_segments_of_no_samples_are_refused(length_samples, hop_samples):
    with pytest.raises(SettingError, match="cannot be"):
        Segments(length_samples=length_samples, hop_samples=hop_samples)


def test_a_clip_of_no_samples_is_refused():
    with pytest.raises(SettingError, match="at least one"):
        cut_segments(np.zeros(0, np.float32), Segments(length_samples=5, hop_samples=5))


def test_a_waveform_with_channels_is_refused():
    with pytest.raises(SettingError, match=r"not \(2, 100\)"):
        cut_segments(np.zeros((2, 100), np.float32), Segments(length_samples=5, hop_samples=5))
