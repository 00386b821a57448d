import gc
import inspect
import sys
import warnings
import weakref
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from earmark.errors import SettingError
from earmark.plots import figures
from earmark.plots.catalogue import PLOTS
from earmark.plots.theme import DARK, LIGHT

pytestmark = pytest.mark.slow  # many small pictures or runs; `make test` has them

SINGLE = [figures.plot_waveform, figures.plot_spectrum, figures.plot_spectrogram, figures.plot_log_spectrogram]
SINGLE += [figures.plot_mel, figures.plot_mfcc]
EVERY = [*SINGLE, figures.plot_all]
RATE = 22050

SOUNDS = {
    "one sample": (np.array([0.5]), 8000),
    "two samples of silence": (np.zeros(2), 44100),
    "silence": (np.zeros(8000), 8000),
    "a constant": (np.full(20_000, 0.5), 96000),
    "noise at 8 kHz": (np.random.default_rng(0).standard_normal(8000), 8000),
    "noise at 96 kHz": (np.random.default_rng(0).standard_normal(50_000), 96000),
    "a rate of 1 Hz": (np.random.default_rng(0).standard_normal(300), 1),
    "too quiet for most": (np.full(5000, 1e-38), 22050),
}
QUICK = ("one sample", "silence", "a rate of 1 Hz")


@pytest.mark.parametrize(
    "sound", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in SOUNDS]
)
def test_any_sound_gives_a_page_without_a_warning(sound, pixels):
    waveform, sample_rate = SOUNDS[sound]
    figure = figures.plot_all(waveform, sample_rate)
    figure.set_dpi(40)
    assert len(np.unique(pixels(figure).reshape(-1, 3), axis=0)) > 10
    assert all(np.isfinite([*axes.get_xlim(), *axes.get_ylim()]).all() for axes in figure.axes)


@pytest.mark.slow
@pytest.mark.parametrize("plot", [figures.plot_spectrogram, figures.plot_log_spectrogram, figures.plot_mel])
@pytest.mark.parametrize(("frequency_hz", "dark"), [(1000, False), (1000, True), (150, False)])
def test_a_tone_is_seen_at_its_frequency(plot, frequency_hz, dark, tone, brightest_hz):
    found_hz, hz_a_pixel = brightest_hz(plot(tone(frequency_hz), RATE, dark=dark))
    assert found_hz == pytest.approx(frequency_hz, abs=15 + 3 * hz_a_pixel)


@pytest.mark.slow
@pytest.mark.parametrize("plot", [figures.plot_spectrogram, figures.plot_log_spectrogram, figures.plot_mel])
def test_two_tones_are_seen_at_their_frequencies(plot, tone, brightest_hz):
    figure = plot(tone(440, 5000), RATE)
    for frequency_hz, low_hz, high_hz in ((440, 0, 2000), (5000, 2000, 11025)):
        found_hz, hz_a_pixel = brightest_hz(figure, low_hz, high_hz)
        assert found_hz == pytest.approx(frequency_hz, abs=15 + 3 * hz_a_pixel)


@pytest.mark.parametrize(
    ("plot", "x", "y", "bar"),
    [
        (figures.plot_waveform, "time (s)", "amplitude", None),
        (figures.plot_spectrum, "frequency (Hz)", "level (dB re full scale)", None),
        (figures.plot_spectrogram, "time (s)", "frequency (kHz)", "magnitude"),
        (figures.plot_log_spectrogram, "time (s)", "frequency (Hz)", "power (dB re 1)"),
        (figures.plot_mel, "time (s)", "frequency (Hz, mel scale)", "power (dB re 1)"),
        (figures.plot_mfcc, "time (s)", "coefficient", "coefficient (dB)"),
    ],
)
def test_axes_and_colour_bars_say_what_they_show_and_in_which_unit(plot, x, y, bar, tone):
    axes, *bars = plot(tone(440), RATE).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == (x, y)
    assert [axes.get_ylabel() for axes in bars] == ([bar] if bar else [])


@pytest.mark.slow
@pytest.mark.parametrize("plot", SINGLE)
def test_the_title_is_the_name_and_the_kind_is_said_beside_it(plot, tone):
    named, bare = plot(tone(440), RATE, title="a_$1$.wav"), plot(tone(440), RATE)
    kind = bare.axes[0].get_title(loc="left")
    assert named.axes[0].get_title(loc="left") == "a_$1$.wav"
    assert kind
    assert named.axes[0].get_title(loc="right").startswith(kind)


@pytest.mark.slow
@pytest.mark.parametrize("plot", [figures.plot_waveform, figures.plot_mfcc])
@pytest.mark.parametrize(("dark", "theme"), [(False, LIGHT), (True, DARK)])
def test_the_paper_has_the_colour_of_the_theme(plot, dark, theme, pixels, tone):
    corner = pixels(plot(tone(440, seconds=0.2), RATE, dark=dark))[0, 0]
    assert tuple(corner) == tuple(int(theme.paper[at : at + 2], 16) for at in (1, 3, 5))


@pytest.mark.parametrize(
    ("plot", "seconds"),
    [*((plot, 400) for plot in EVERY), pytest.param(figures.plot_all, 0.2, marks=pytest.mark.slow)],
)
def test_no_two_texts_overlap_and_all_are_on_the_page(plot, seconds, drawn_texts):
    waveform = np.random.default_rng(0).standard_normal(round(seconds * 8000)).astype(np.float32)
    figure = plot(waveform, 8000, title="a long name that somebody gave to a recording of a river in the spring.wav")
    texts = drawn_texts(figure)
    assert len(texts) > 8
    shrunk = [(words, box.padded(-1)) for words, box in texts]  # by a pixel: boxes may touch
    overlapping = [(one, other) for (one, a), (other, b) in combinations(shrunk, 2) if a.overlaps(b)]
    assert not overlapping
    page = figure.bbox.padded(1)
    assert all(page.contains(box.x0, box.y0) and page.contains(box.x1, box.y1) for _, box in texts)


@pytest.mark.slow
def test_all_are_six_on_one_page_in_one_time(tone):
    figure = figures.plot_all(tone(440, seconds=2), RATE, title="tone.wav", start_s=3)
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]
    assert titles == [
        "waveform",
        "spectrum",
        "spectrogram (magnitude)",
        "log-spectrogram",
        "log-mel spectrogram",
        "MFCC",
    ]
    timed = [axes for axes in figure.axes if axes.get_xlabel() == "time (s)"]
    assert [axes.get_xlim() for axes in timed] == [(3, 5)] * 5
    figure.canvas.draw()
    left = [axes.get_window_extent() for axes in timed if axes.get_subplotspec().colspan.start == 0]
    assert len({(round(box.x0), round(box.x1)) for box in left}) == 1
    assert figure.get_suptitle() == "tone.wav"


def test_the_mirrored_half_is_shown_on_request_only(tone):
    waveform = tone(1000)
    assert figures.plot_spectrum(waveform, RATE).axes[0].get_xlim() == (20, RATE / 2)
    assert figures.plot_spectrum(waveform, RATE, full=True).axes[0].get_xlim() == (0, RATE)
    assert figures.plot_all(waveform, RATE, full=True).axes[1].get_xlim() == (0, RATE)


@pytest.mark.slow
def test_figures_are_no_business_of_pyplot():
    before = dict(mpl.rcParams), mpl.get_backend()
    figure = figures.plot_all(np.zeros(1000), 8000)
    trace = weakref.ref(figure)
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()
    assert (dict(mpl.rcParams), mpl.get_backend()) == before
    del figure
    gc.collect()
    assert trace() is None


def test_the_style_of_the_user_changes_no_colours(pixels, tone):
    plain = pixels(figures.plot_mel(tone(440, seconds=0.2), RATE))
    dark = {"axes.grid": True, "figure.facecolor": "black", "image.cmap": "hot", "axes.facecolor": "red"}
    with mpl.rc_context(dark | {"image.origin": "upper", "image.aspect": "equal", "xtick.color": "red"}):
        assert (pixels(figures.plot_mel(tone(440, seconds=0.2), RATE)) == plain).all()


@pytest.mark.parametrize("plot", EVERY)
def test_every_function_takes_a_title_and_darkness_by_name(plot):
    parameters = inspect.signature(plot).parameters
    assert list(parameters)[:2] == ["waveform", "sample_rate"]
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in list(parameters.values())[2:])
    assert parameters["title"].default is None
    assert parameters["dark"].default is False


@pytest.mark.parametrize("plot", EVERY)
def test_a_wrong_waveform_is_refused(plot):
    with pytest.raises(SettingError, match="one channel"):
        plot(np.zeros((2, 100)), RATE)
    with pytest.raises(SettingError, match="not finite"):
        plot([0.0, np.nan], RATE)


@pytest.mark.slow
@pytest.mark.parametrize("plot", EVERY)
def test_the_waveform_stays_as_it_was(plot, tone):
    waveform = tone(440, seconds=0.2)
    waveform.setflags(write=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(plot(waveform, RATE), Figure)


def test_the_catalogue_has_them_all():
    assert [kind.plot for kind in PLOTS.values()] == EVERY
