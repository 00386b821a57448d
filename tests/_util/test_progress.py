"""How long work tells of itself."""

import inspect

from earmark._util.progress import NoProgress, Progress


def test_showing_nothing_writes_nothing(capsys):
    progress: Progress = NoProgress()
    progress.start("reading", 3)
    progress.advance()
    progress.advance("loss 0.5")
    assert capsys.readouterr() == ("", "")


def test_advancing_before_a_start_or_beyond_the_end_is_borne():
    progress = NoProgress()
    progress.advance()
    progress.start("reading", 0)
    progress.advance()


def test_it_takes_just_what_the_protocol_says():
    for name in ("start", "advance"):
        assert inspect.signature(getattr(NoProgress, name)) == inspect.signature(getattr(Progress, name))
