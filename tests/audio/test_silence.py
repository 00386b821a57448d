import ctypes
import os
import sys
import threading

import pytest

from earmark.audio import silence
from earmark.audio.silence import quiet_c_stderr

needs_glibc = pytest.mark.skipif(not silence._is_glibc(), reason="only glibc lets its stderr be exchanged")


def print_from_c(text):
    library = ctypes.CDLL(None)
    stream = ctypes.c_void_p.in_dll(library, "stderr")
    library.fputs(text.encode(), stream)
    library.fflush(stream)


@needs_glibc
def test_what_c_prints_is_kept_off_the_terminal_for_the_block_only(capfd):
    print_from_c("before ")
    with quiet_c_stderr():
        print_from_c("within ")
    print_from_c("after")
    assert capfd.readouterr().err == "before after"


@needs_glibc
def test_stderr_comes_back_after_an_error(capfd):
    with pytest.raises(ZeroDivisionError), quiet_c_stderr():
        1 / 0  # noqa: B018 - the error is the test
    print_from_c("after")
    assert capfd.readouterr().err == "after"


@needs_glibc
def test_blocks_may_lie_in_each_other_and_overlap_between_threads(capfd):
    entered, leave = threading.Event(), threading.Event()

    def hold():
        with quiet_c_stderr(), quiet_c_stderr():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    with quiet_c_stderr():
        thread.start()
        entered.wait(10)
    print_from_c("still within ")
    leave.set()
    thread.join()
    print_from_c("after")
    assert capfd.readouterr().err == "after"


def test_what_python_prints_still_arrives(capfd):
    with quiet_c_stderr():
        os.write(2, b"raw ")
        sys.stderr.write("text")
        sys.stderr.flush()
    assert capfd.readouterr().err == "raw text"


def test_another_c_library_is_left_alone(monkeypatch, capfd):
    monkeypatch.setattr(silence, "_is_glibc", lambda: False)
    monkeypatch.setattr(silence, "_SILENCE", silence._Silence())
    with quiet_c_stderr():
        os.write(2, b"arrives")
    assert capfd.readouterr().err == "arrives"


def test_a_system_without_the_question_is_not_glibc(monkeypatch):
    monkeypatch.delattr(os, "confstr", raising=False)
    assert not silence._is_glibc()
