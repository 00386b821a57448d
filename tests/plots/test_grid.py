import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.open import open_dataset
from earmark.errors import DataError, SettingError
from earmark.plots.catalogue import PLOTS
from earmark.plots.grid import choose_n_columns, plot_grid

CELLS = [name for name in PLOTS if name != "all"]


def named(figure):
    """Return the axes of the cells by the name above them."""
    return {axes.get_title(loc="left"): axes for axes in figure.axes if axes.get_title(loc="left")}


def words_of(figure):
    return [text.get_text() for text in figure.texts]


def dataset_of(root, sounds, sample_rate=8000):
    """Write sounds, each (label, waveform), and return the data set of them."""
    clips = []
    for number, (label, waveform) in enumerate(sounds):
        path = root / f"{number}.wav"
        soundfile.write(path, np.asarray(waveform, dtype=np.float32), sample_rate, subtype="FLOAT")
        clips.append(Clip(name=path.name, path=path, label=label, group=path.name))
    return Dataset(clips, root)


@pytest.mark.slow
@pytest.mark.parametrize("kind", CELLS)
def test_each_class_has_a_cell_with_its_name(kind, sounds, pixels):
    dataset = open_dataset(sounds.folder({"dog": 2, "rain": 2, "sea": 1}))
    figure, bad = plot_grid(dataset, kind, title="sounds")
    assert list(named(figure)) == ["dog", "rain", "sea"]
    assert not bad
    assert "sounds" in words_of(figure)
    assert len(np.unique(pixels(figure).reshape(-1, 3), axis=0)) > 10
    bars = [axes.get_ylabel() for axes in figure.axes if not axes.get_title(loc="left")]
    assert len(bars) == (0 if kind in {"waveform", "spectrum"} else 1)
    assert all("each clip" in label or kind == "mfcc" for label in bars)


def test_a_bad_file_is_named_and_the_next_clip_of_its_class_is_taken(sounds):
    root = sounds.folder({"dog": 2, "rain": 1})
    (root / "dog" / "dog0.wav").write_text("this is no sound")
    figure, bad = plot_grid(open_dataset(root))
    assert [Path(error.path).name for error in bad] == ["dog0.wav"]
    assert "not sound" in bad[0].reason
    assert len(named(figure)["dog"].images) == 1


def test_a_class_without_a_clip_that_can_be_read_has_an_empty_cell_with_its_name(sounds):
    root = sounds.folder({"dog": 2, "rain": 1})
    for number in range(2):
        (root / "dog" / f"dog{number}.wav").write_text("this is no sound")
    figure, bad = plot_grid(open_dataset(root))
    assert len(bad) == 2
    cell = named(figure)["dog"]
    assert not cell.images
    assert [text.get_text() for text in cell.texts] == ["no clip that\ncan be read"]
    assert len(named(figure)["rain"].images) == 1


def test_where_nothing_can_be_read_the_error_says_why(sounds):
    root = sounds.folder({"dog": 2, "rain": 3})
    for path in root.rglob("*.wav"):
        path.write_text("this is no sound")
    with pytest.raises(DataError, match=r"none of the 5 clips can be read: .*dog0\.wav \(this is text"):
        plot_grid(open_dataset(root))


def test_a_data_set_without_clips_is_refused(tmp_path):
    with pytest.raises(DataError, match="no clips"):
        plot_grid(Dataset([], tmp_path))


def test_all_is_no_kind_of_cell_and_an_unknown_one_is_answered_with_the_nearest(sounds):
    dataset = open_dataset(sounds.folder({"dog": 1, "rain": 1}))
    with pytest.raises(SettingError, match=r"not 'all': choose one of waveform, spectrum, .*mfcc"):
        plot_grid(dataset, "all")
    with pytest.raises(SettingError, match="did you mean 'waveform'"):
        plot_grid(dataset, "wavform")


@pytest.mark.parametrize(
    "stretch", [{"start_s": -1}, {"start_s": math.nan}, {"duration_s": 0}, {"duration_s": -2}, {"duration_s": math.inf}]
)
def test_a_stretch_that_cannot_be_is_refused_before_any_file_is_read(stretch, tmp_path):
    missing = Dataset([Clip(name="a", path=tmp_path / "a.wav", label="a", group="a")], tmp_path)
    with pytest.raises(SettingError, match=next(iter(stretch))):
        plot_grid(missing, **stretch)


def test_the_stretch_asked_for_is_drawn_within_the_stretch_of_the_clip(tmp_path):
    waveform = np.concatenate([np.full(8000, level) for level in (0.1, 0.2, 0.4, 0.8)])
    whole = dataset_of(tmp_path, [("a", waveform)])
    part = Dataset([Clip(name="0", path=tmp_path / "0.wav", label="a", group="", start_s=1.0, end_s=3.0)], tmp_path)
    for dataset, settings, limits in (
        (whole, {}, (0, 4)),
        (whole, {"start_s": 1.0, "duration_s": 2.0}, (1, 3)),
        (part, {}, (0, 2)),
        (part, {"start_s": 1.0, "duration_s": 5.0}, (1, 2)),
    ):
        figure, _ = plot_grid(dataset, "waveform", **settings)
        assert named(figure)["a"].get_xlim() == limits


def test_thirty_seconds_of_a_long_clip_are_drawn(tmp_path):
    figure, _ = plot_grid(dataset_of(tmp_path, [("a", np.ones(40 * 8000))]), "waveform")
    assert named(figure)["a"].get_xlim() == (0, 30)


def test_clips_of_different_rates_and_similar_lengths_share_their_axes(tmp_path):
    rng = np.random.default_rng(0)
    low = dataset_of(tmp_path, [("low", rng.standard_normal(8000))])
    (tmp_path / "high").mkdir()
    high = dataset_of(tmp_path / "high", [("high", rng.standard_normal(96000))], sample_rate=48000)
    figure, _ = plot_grid(Dataset([*low, *high], tmp_path), "mel")
    assert [axes.get_ylim() for axes in named(figure).values()] == [(0, 24000)] * 2
    assert [axes.get_xlim() for axes in named(figure).values()] == [(0, 2)] * 2
    assert "time (s)" in words_of(figure)


def test_clips_of_very_different_lengths_have_a_time_axis_each(tmp_path):
    dataset = dataset_of(tmp_path, [("long", np.ones(24000)), ("short", np.ones(800))])
    figure, _ = plot_grid(dataset, "waveform")
    assert [axes.get_xlim()[1] for axes in named(figure).values()] == [3, 0.1]
    assert [axes.get_title(loc="right") for axes in named(figure).values()] == ["3 s", "0.1 s"]
    assert "time (each cell as long as its clip)" in words_of(figure)


def test_a_quiet_clip_is_seen_as_well_as_a_loud_one(tmp_path):
    tone = np.sin(np.arange(8000))
    figure, _ = plot_grid(dataset_of(tmp_path, [("loud", tone), ("quiet", 0.01 * tone)]), "mel")
    images = [axes.images[0] for axes in named(figure).values()]
    assert [image.get_clim() for image in images] == [(-80, 0)] * 2
    assert [float(image.get_array().max()) for image in images] == pytest.approx([0, 0], abs=1e-3)


def test_silence_is_dark_beside_sound(tmp_path):
    figure, _ = plot_grid(dataset_of(tmp_path, [("loud", np.sin(np.arange(8000))), ("silent", np.zeros(8000))]), "mel")
    assert float(named(figure)["silent"].images[0].get_array().max()) <= -79.9


def test_the_colours_of_coefficients_are_the_same_in_all_cells(tmp_path):
    rng = np.random.default_rng(0)
    dataset = dataset_of(tmp_path, [("noise", rng.standard_normal(8000)), ("tone", np.sin(np.arange(8000)))])
    figure, _ = plot_grid(dataset, "mfcc")
    limits = {axes.images[0].get_clim() for axes in named(figure).values()}
    assert len(limits) == 1
    low, high = limits.pop()
    assert low == -high < 0


def test_progress_is_told_by_class(sounds):
    told = []

    class Listener:
        def start(self, title, n_steps):
            told.append((title, n_steps))

        def advance(self, note=""):
            told.append(note)

    plot_grid(open_dataset(sounds.folder({"dog": 1, "rain": 1})), progress=Listener())
    assert told == [("classes", 2), "dog", "rain"]


@pytest.mark.slow
@pytest.mark.parametrize(("n_classes", "kind"), [(50, "mel"), (7, "spectrum")])
def test_many_classes_with_long_names_stay_readable(tmp_path, drawn_texts, n_classes, kind):
    rng = np.random.default_rng(0)
    labels = [f"{number:02} a class with a very long name $x$ 犬" for number in range(n_classes)]
    dataset = dataset_of(tmp_path, [(label, rng.standard_normal(2000)) for label in labels])
    figure, _ = plot_grid(dataset, kind, title="a data set with a name " * 20)
    texts = drawn_texts(figure)
    assert len(texts) > n_classes
    shrunk = [(words, box.padded(-1)) for words, box in texts]
    assert not [(one, other) for (one, a), (other, b) in combinations(shrunk, 2) if a.overlaps(b)]
    assert all(figure.bbox.padded(1).contains(*corner) for _, box in texts for corner in (box.min, box.max))
    sizes = [axes.get_window_extent() for axes in named(figure).values()]
    assert all(box.width >= 150 and box.height >= 95 for box in sizes)
    assert not any(one.padded(-1).overlaps(other) for one, other in combinations(sizes, 2))
    starts = {words[:2] for words, _ in texts}
    assert {label[:2] for label in labels} <= starts


@pytest.mark.slow
def test_numbers_stand_below_the_lowest_cell_of_each_column(tmp_path):
    rng = np.random.default_rng(0)
    labels = [f"class {number}" for number in range(7)]
    figure, _ = plot_grid(dataset_of(tmp_path, [(label, rng.standard_normal(800)) for label in labels]), "spectrum")
    n_columns = choose_n_columns(7)
    figure.canvas.draw()
    has_numbers = [
        any(label.get_text() and label.get_visible() for label in axes.get_xticklabels())
        for axes in named(figure).values()
    ]
    assert has_numbers == [number + n_columns >= 7 for number in range(7)]


@given(st.integers(1, 2000))
def test_a_grid_has_room_for_all_and_no_empty_row(n_cells):
    n_columns = choose_n_columns(n_cells)
    n_rows = -(-n_cells // n_columns)
    assert 1 <= n_columns <= n_cells
    assert n_rows * n_columns >= n_cells > (n_rows - 1) * n_columns
    assert n_columns <= math.sqrt(n_cells) + 4
