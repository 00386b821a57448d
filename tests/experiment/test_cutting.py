import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.audio.segments import Segments, segment_starts
from earmark.data.clip import Clip
from earmark.data.open import open_dataset
from earmark.errors import DataError, SettingError
from earmark.experiment import cutting as module
from earmark.experiment.config import make_config
from earmark.experiment.cutting import default_segments, make_recipe, typical_duration_s


@pytest.fixture(scope="module")
def data(tmp_path_factory, write_tones):
    """Return a folder of tones of a second; nobody may write into it."""
    return write_tones(tmp_path_factory.mktemp("cut") / "sounds", {"dog": 4, "rain": 4})


@pytest.mark.parametrize(
    ("tables", "length", "hop"),
    [
        ({"segments": {"count": 4}}, 5512, 5512),
        ({"segments": {"segment_s": 0.5}}, 11025, 11025),
        ({"segments": {"segment_s": 0.5, "hop_s": 0.25}}, 11025, 5512),
        ({"segments": {"count": 4}, "front_end": {"name": "mfcc", "sample_rate": 8000}}, 2000, 2000),
        ({"segments": {"count": 2}, "network": {"name": "svm"}, "front_end": {"name": "statistics"}}, 11025, 11025),
    ],
)
def test_segments_are_cut_as_asked(data, configure, tables, length, hop):
    recipe = make_recipe(configure(data, **tables), open_dataset(data))

    assert recipe.segments == Segments(length_samples=length, hop_samples=hop)


def test_a_support_vector_machine_looks_at_whole_clips_unless_asked(data, configure):
    config = configure(data, segments={}, network={"name": "svm"}, front_end={})

    assert make_recipe(config, open_dataset(data)).segments is None


def test_clips_are_not_whole_where_their_length_would_show_in_the_features(data, configure):
    config = configure(data, segments={}, network={"name": "svm"}, front_end={"name": "mfcc"})

    assert make_recipe(config, open_dataset(data)).segments is not None


@given(n_samples=st.integers(1, 40 * 22050))
def test_where_nothing_is_said_no_segment_is_longer_than_a_clip_and_no_sound_is_passed_over(n_samples):
    segments = default_segments(n_samples, 22050)

    last = segment_starts(n_samples, segments)[-1]
    assert segments.hop_samples <= segments.length_samples <= n_samples
    assert n_samples - (last + segments.length_samples) < segments.length_samples / 2


def test_where_nothing_is_said_short_clips_overlap_and_long_ones_do_not():
    long = round(module._LONG_CLIP_S * 22050)
    length, hop = round(module._SEGMENT_S * 22050), round(module._SHORT_HOP_S * 22050)

    assert default_segments(long - 1, 22050) == Segments(length_samples=length, hop_samples=hop)
    assert default_segments(long, 22050) == Segments(length_samples=length, hop_samples=length)
    assert default_segments(9, 22050) == Segments(length_samples=9, hop_samples=9)


def clips_of(paths, **more):
    return [Clip(name=path.name, path=path, label="a", group=path.name, **more) for path in paths]


@pytest.mark.slow
def test_the_typical_length_is_the_median_of_those_that_can_be_read(sounds):
    paths = [sounds.write(f"{number}.wav", seconds=seconds) for number, seconds in enumerate((1.0, 2.0, 9.0))]
    bad = sounds.write("bad.wav")
    bad.write_text("this is no sound")

    assert typical_duration_s(clips_of([bad, *paths])) == pytest.approx(2.0)


def test_the_length_of_a_stretch_is_what_counts(sounds):
    path = sounds.write("a.wav", seconds=4.0)

    assert typical_duration_s(clips_of([path], start_s=1.0)) == pytest.approx(3.0)
    assert typical_duration_s(clips_of([path], start_s=1.0, end_s=1.5)) == pytest.approx(0.5)


def test_of_a_large_set_only_some_headers_are_read(sounds, monkeypatch):
    path, n_read = sounds.write("a.wav"), []
    info = module.read_info(path)
    monkeypatch.setattr(module, "read_info", lambda _: n_read.append(1) or info)

    assert typical_duration_s(clips_of(5000 * [path])) == pytest.approx(1.0)
    assert len(n_read) <= 300


def test_sounds_none_of_which_can_be_read_have_no_length(tmp_path):
    with pytest.raises(DataError, match=r"none of the sounds can be read; the first is .*a\.wav"):
        typical_duration_s(clips_of([tmp_path / "a.wav"]))


def test_segments_far_longer_than_the_clips_are_refused(sounds):
    config = make_config({"data": {"path": ""}, "segments": {"segment_s": 1e6}})
    clips = open_dataset(sounds.folder({"dog": 2, "rain": 2}, seconds=0.5))

    with pytest.raises(SettingError, match=r"clips are about 0\.5 s long"):
        make_recipe(config, clips)
