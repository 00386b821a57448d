import os
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
import soundfile
from PIL import Image

from earmark.plots.catalogue import PLOTS

pytestmark = pytest.mark.slow  # many small pictures or runs; `make test` has them


@pytest.fixture
def bark(sounds):
    return sounds.write("bark.wav", seconds=0.5)


@pytest.fixture
def classes(sounds):
    return sounds.folder({"dog": 2, "rain": 1, "sea": 1}, seconds=0.3)


@pytest.fixture
def drawn(monkeypatch):
    """Keep the figures that are written."""
    figures = []
    savefig = mpl.figure.Figure.savefig

    def keep(figure, *arguments, **settings):
        figures.append(figure)
        return savefig(figure, *arguments, **settings)

    monkeypatch.setattr(mpl.figure.Figure, "savefig", keep)
    return figures


def size_of(path):
    with Image.open(path) as picture:
        return picture.size


@pytest.mark.slow
@pytest.mark.parametrize("kind", PLOTS)
def test_a_sound_is_drawn_and_the_place_of_the_picture_printed(earmark, bark, tmp_path, kind, drawn):
    out = tmp_path / "new" / f"{kind}.png"
    answer = earmark("plot", bark, "-o", out, "--kind", kind, "--dpi", "40")
    assert (answer.status, answer.out, answer.told) == (0, f"{out}\n", [])
    assert size_of(out)[0] > 300
    titles = [axes.get_title(loc="left") for axes in drawn[0].axes] + [drawn[0].get_suptitle()]
    assert "bark.wav" in titles


@pytest.mark.slow
def test_a_sound_is_drawn_in_all_ways_by_default(earmark, bark, tmp_path, drawn):
    assert earmark("plot", bark, "-o", tmp_path / "a.png", "--dpi", "40").status == 0
    assert sum(bool(axes.get_title(loc="left")) for axes in drawn[0].axes) == 6


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".jpg"])
def test_the_format_follows_the_name(earmark, bark, tmp_path, suffix):
    out = tmp_path / f"a{suffix}"
    assert earmark("plot", bark, "-o", out, "--kind", "waveform").status == 0
    assert out.stat().st_size > 1000


def test_a_data_set_becomes_a_grid_of_its_classes(earmark, classes, tmp_path, drawn):
    answer = earmark("plot", classes, "-o", tmp_path / "grid.png", "--dpi", "40")
    assert (answer.status, answer.out) == (0, f"{tmp_path / 'grid.png'}\n")
    assert [axes.get_title(loc="left") for axes in drawn[0].axes][:3] == ["dog", "rain", "sea"]
    assert "log-mel spectrogram" in [text.get_text() for text in drawn[0].texts]


def test_a_table_is_a_data_set_too(earmark, classes, tmp_path, drawn):
    table = classes / "clips.csv"
    rows = [f"{path.relative_to(classes)},{path.parent.name}" for path in sorted(classes.rglob("*.wav"))]
    table.write_text("path,label\n" + "\n".join(rows) + "\n")
    answer = earmark("plot", table, "-o", tmp_path / "grid.png", "--kind", "waveform", "--dpi", "40")
    assert answer.status == 0
    assert [axes.get_title(loc="left") for axes in drawn[0].axes] == ["dog", "rain", "sea"]


def test_bad_files_of_a_data_set_are_named_and_it_is_drawn(earmark, classes, tmp_path):
    (classes / "dog" / "dog0.wav").write_text("this is no sound")
    answer = earmark("plot", classes, "-o", tmp_path / "grid.png", "--dpi", "40")
    assert answer.status == 0
    assert "1 of 4 files could not be read" in answer.told[-1]
    assert "dog0.wav" in answer.told[-1]


def test_a_stretch_is_drawn_where_it_is_in_the_file(earmark, bark, tmp_path, drawn):
    arguments = ("--kind", "mel", "--start-s", "0.2", "--duration-s", "0.1", "--dpi", "40")
    assert earmark("plot", bark, "-o", tmp_path / "a.png", *arguments).status == 0
    assert drawn[0].axes[0].get_xlim() == pytest.approx((0.2, 0.3))


def test_dark_is_dark(earmark, bark, tmp_path):
    for name, more in (("light", ()), ("dark", ("--dark",))):
        earmark("plot", bark, "-o", tmp_path / f"{name}.png", "--kind", "spectrum", "--dpi", "40", *more)
    with Image.open(tmp_path / "light.png") as light, Image.open(tmp_path / "dark.png") as dark:
        assert sum(light.getpixel((0, 0))[:3]) > 700
        assert sum(dark.getpixel((0, 0))[:3]) < 100


def test_the_mirrored_half_is_shown_on_request(earmark, bark, tmp_path, drawn):
    earmark("plot", bark, "-o", tmp_path / "a.png", "--kind", "spectrum", "--dpi", "40")
    earmark("plot", bark, "-o", tmp_path / "b.png", "--kind", "spectrum", "--dpi", "40", "--full-spectrum")
    assert [figure.axes[0].get_xlim() for figure in drawn] == [(20, 11025), (0, 22050)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--kind", "mell"), "no kind of plot called 'mell': did you mean 'mel'"),
        (("--kind", "mel", "--full-spectrum"), "--full-spectrum belongs to a sound with --kind spectrum or all"),
        (("--dpi", "5"), "dpi must be from 20 to 600, not 5"),
        (("--start-s", "-1"), "start_s is -1"),
        (("--start-s", "nan"), "start_s is nan"),
        (("--duration-s", "0"), "duration_s is 0"),
        (("--start-s", "9"), "the stretch begins at 9.000 s, and the sound ends at 0.500 s"),
        (("-o", "a.bmp"), "a.bmp ends in .bmp: a plot can be written as .png, .svg, .pdf, .jpg, .jpeg"),
        (("-o", "a"), "a has no ending that names a format"),
    ],
)
def test_what_cannot_be_is_one_line_and_leaves_nothing(earmark, bark, tmp_path, monkeypatch, arguments, words):
    folder = tmp_path / "out"
    folder.mkdir()
    monkeypatch.chdir(folder)
    answer = earmark("plot", bark, *(() if "-o" in arguments else ("-o", "a.png")), *arguments)
    assert answer.status == 2
    assert len(answer.told) == 1
    assert words in answer.told[0]
    assert answer.out == ""
    assert not list(folder.iterdir())


def test_all_is_not_for_a_data_set(earmark, classes, tmp_path):
    answer = earmark("plot", classes, "-o", tmp_path / "a.png", "--kind", "all")
    assert answer.status == 2
    assert "not 'all': choose one of" in answer.told[-1]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.wav", "missing.wav"),
        ("nowhere", "there is no"),
        ("text.wav", "not sound"),
        ("notes.txt", "not sound"),
        ("empty", "holds no sounds"),
        ("loose", "holds sounds and no labels"),
    ],
)
def test_a_target_that_is_neither_sound_nor_data_set_is_one_line(earmark, sounds, name, words):
    (sounds.root / "text.wav").write_text("this is no sound")
    (sounds.root / "notes.txt").write_text("this is no sound")
    (sounds.root / "empty").mkdir()
    sounds.write("loose/a.wav")
    answer = earmark("plot", sounds.root / name, "-o", sounds.root / "a.png")
    assert answer.status == 2
    assert len(answer.told) == 1
    assert words in answer.told[0]
    assert not (sounds.root / "a.png").exists()


def test_a_sound_is_told_by_its_content_whatever_its_name(earmark, bark, tmp_path):
    other = bark.rename(bark.with_name("recording"))
    assert earmark("plot", other, "-o", tmp_path / "a.png", "--kind", "waveform", "--dpi", "40").status == 0


def test_a_picture_that_is_there_is_replaced_on_request_only(earmark, bark, tmp_path):
    out = tmp_path / "a.png"
    out.write_text("mine")
    answer = earmark("plot", bark, "-o", out, "--kind", "waveform")
    assert answer.status == 2
    assert "exists: name another file, or give --overwrite" in answer.told[0]
    assert out.read_text() == "mine"
    assert earmark("plot", bark, "-o", out, "--kind", "waveform", "--overwrite").status == 0
    assert size_of(out) == (1200, 528)


def test_a_target_that_cannot_be_written_is_one_line(earmark, bark, tmp_path):
    (tmp_path / "file").write_text("")
    answer = earmark("plot", bark, "-o", tmp_path / "file" / "a.png", "--kind", "waveform")
    assert answer.status == 2
    assert len(answer.told) == 1
    assert "cannot write" in answer.told[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_one_line(earmark, bark, tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    answer = earmark("plot", bark, "-o", folder / "a.png", "--kind", "waveform")
    assert answer.status == 2
    assert len(answer.told) == 1


def test_a_name_with_letters_that_the_font_lacks_gives_no_warning(earmark, bark, tmp_path):
    strange = bark.rename(bark.with_name("犬 $x$ 100%.wav"))
    answer = earmark("plot", strange, "-o", tmp_path / "a.png", "--kind", "mfcc", "--dpi", "40")
    assert (answer.status, answer.told) == (0, [])


@pytest.mark.slow
def test_a_waveform_needs_no_torch(bark, tmp_path):
    code = (
        "import sys; from earmark.cli import main; status = main(sys.argv[1:]); "
        "assert not {'torch', 'matplotlib.pyplot', 'scipy'} & set(sys.modules); sys.exit(status)"
    )
    arguments = ["plot", str(bark), "-o", str(tmp_path / "a.png"), "--kind", "waveform"]
    subprocess.run([sys.executable, "-W", "error", "-c", code, *arguments], check=True, capture_output=True)


@pytest.mark.slow
def test_an_hour_is_drawn_in_a_small_file(earmark, tmp_path):
    path = tmp_path / "hour.wav"
    with soundfile.SoundFile(path, "w", 8000, 1, "PCM_16") as file:
        for _ in range(60):
            file.write(np.random.default_rng(0).standard_normal(60 * 8000).astype(np.float32) * 0.1)
    for name, kind in (("a.png", "all"), ("a.svg", "mel"), ("a.pdf", "waveform")):
        assert earmark("plot", path, "-o", tmp_path / name, "--kind", kind).status == 0
        assert (tmp_path / name).stat().st_size < 3_000_000


@pytest.mark.data
@pytest.mark.slow
def test_real_sounds_are_drawn(earmark, shared_data, tmp_path):
    sound = min((shared_data / "esc10" / "audio").iterdir())
    assert earmark("plot", sound, "-o", tmp_path / "a.png", "--kind", "all").status == 0
    assert earmark("plot", shared_data / "esc10", "-o", tmp_path / "b.png").status == 0
    assert size_of(tmp_path / "a.png") == (1680, 1320)
