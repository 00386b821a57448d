from pathlib import Path

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


def test_a_bar_is_drawn_on_stderr_and_nothing_on_stdout(capsys):
    with ProgressBar() as progress:
        progress.start("training", 2)
        progress.advance("loss 1.5")
        progress.advance("loss 0.5")

    captured = capsys.readouterr()
    assert captured.out == ""
    assert "training" in captured.err
    assert "2/2" in captured.err
