import io
from pathlib import Path

import pytest
from rich.console import Console

from earmark.cli.console import ProgressBar, name_bad_files


def test_the_first_five_bad_files_are_named_and_the_rest_counted(capsys):
    name_bad_files([(f"{number}.wav", "empty") for number in range(7)], 1000, table=Path("sounds.csv"))

    told = capsys.readouterr().err
    assert told.startswith("7 of 1000 files could not be read: 0.wav (empty); ")
    assert "4.wav" in told
    assert "5.wav" not in told
    assert "and 2 more, see sounds.csv" in told


def test_all_bad_files_are_named_where_no_table_does(capsys):
    name_bad_files([(f"{number}.wav", "empty") for number in range(7)], 1000)

    assert "6.wav (empty)" in capsys.readouterr().err


def test_no_bad_file_is_no_word(capsys):
    name_bad_files([], 10)

    assert capsys.readouterr().err == ""


def draw(console):
    with ProgressBar(console) as progress:
        progress.start("training", 400)
        progress.advance("loss 1.50 validation 1.75 accuracy 0.50")
        progress.advance("loss 0.50 validation 0.75 accuracy 0.75")


@pytest.mark.slow
def test_a_bar_shows_count_time_left_and_the_latest_note_on_a_narrow_terminal():
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)

    draw(console)

    last = [line for line in console.file.getvalue().splitlines() if "training" in line][-1]
    assert "training" in last
    assert "2/400" in last
    assert "left" in last
    assert "loss 0.50 validation 0.75 accuracy 0.75" in last


def test_nothing_is_drawn_where_stderr_is_no_terminal(capsys):
    draw(None)

    captured = capsys.readouterr()
    assert captured.out + captured.err == ""
