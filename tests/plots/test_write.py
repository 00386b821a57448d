import os

import numpy as np
import pytest
from PIL import Image

from earmark.errors import SettingError, StorageError
from earmark.plots.figures import plot_mel
from earmark.plots.write import check_target, write_figure


@pytest.fixture(scope="module")
def figure():
    return plot_mel(np.random.default_rng(0).standard_normal(4000), 8000)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.png", "a.PNG", "a.jpg", "a.jpeg"])
def test_a_picture_has_the_size_that_its_dots_say(figure, tmp_path, name):
    write_figure(figure, tmp_path / name, dpi=50)
    with Image.open(tmp_path / name) as picture:
        assert picture.size == (500, 220)
        assert picture.format == ("PNG" if name.lower().endswith("png") else "JPEG")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "begins"), [("a.svg", b"<?xml"), ("a.pdf", b"%PDF-")])
def test_drawings_are_written_too_and_stay_small(figure, tmp_path, name, begins):
    write_figure(figure, tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(begins)
    assert (tmp_path / name).stat().st_size < 1_000_000


def test_the_folder_is_made_and_nothing_else_is_left_in_it(figure, tmp_path):
    write_figure(figure, tmp_path / "new" / "a.png", dpi=30)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.png"]


@pytest.mark.parametrize("name", ["a.bmp", "a", "a.", "a.png.txt", ".png"])
def test_an_unknown_ending_is_refused_with_those_that_are_known(figure, tmp_path, name):
    with pytest.raises(SettingError, match=r"can be written as \.png, \.svg, \.pdf, \.jpg, \.jpeg"):
        write_figure(figure, tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dpi", [-1, 0, 19, 601, 10**9])
def test_too_few_and_too_many_dots_are_refused(figure, tmp_path, dpi):
    with pytest.raises(SettingError, match="dpi must be from 20 to 600"):
        write_figure(figure, tmp_path / "a.png", dpi=dpi)


@pytest.mark.slow
def test_a_file_that_is_there_is_replaced_on_request_only(figure, tmp_path):
    path = tmp_path / "a.png"
    path.write_text("mine")
    with pytest.raises(StorageError, match="exists: name another file, or give --overwrite"):
        write_figure(figure, path)
    assert path.read_text() == "mine"
    write_figure(figure, path, dpi=30, overwrite=True)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_folder_is_never_replaced(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(StorageError, match="is a folder"):
        check_target(tmp_path / "a.png", overwrite=True)


def test_where_drawing_fails_the_old_file_stays_and_nothing_is_left(figure, tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_text("mine")

    def fail(part, **_):
        part.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(figure, "savefig", fail)
    with pytest.raises(StorageError, match=r"cannot write .*a\.png: no space left on device"):
        write_figure(figure, path, overwrite=True)
    assert path.read_text() == "mine"
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said_so(figure, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="cannot write"):
        write_figure(figure, tmp_path / "a.png")


def test_a_file_in_place_of_the_folder_is_said_so(figure, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write"):
        write_figure(figure, tmp_path / "file" / "a.png")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.png", "a.pdf"])
def test_the_same_plot_is_the_same_file(figure, tmp_path, name):
    write_figure(figure, tmp_path / name, dpi=40)
    write_figure(figure, tmp_path / f"2{name}", dpi=40)
    assert (tmp_path / name).read_bytes() == (tmp_path / f"2{name}").read_bytes()
