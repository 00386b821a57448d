"""The setting of glibc's allocator."""

import ctypes
import platform
import subprocess
import sys

import pytest

from earmark._util import allocator

# It holds for the whole process, so the real call is made in another one.
MEASURE = """
import ctypes, sys
from earmark._util.allocator import keep_freed_memory
taken = keep_freed_memory() if sys.argv[1] == "set" else None
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
def mapped_kb():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmSize"))
block = libc.malloc(256 << 20)
held = mapped_kb()
libc.free(block)
print(taken, held - mapped_kb() > 200_000)
"""

glibc_only = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")


def measure(how):
    done = subprocess.run([sys.executable, "-c", MEASURE, how], capture_output=True, text=True, check=True)
    return done.stdout.split()


@glibc_only
def test_freed_memory_stays_with_the_process():
    assert measure("set") == ["True", "False"]


@glibc_only
def test_without_the_setting_freed_memory_goes_back_to_the_kernel():
    assert measure("leave") == ["None", "True"]


def test_both_parameters_are_set(monkeypatch):
    calls = []

    class Glibc:
        @staticmethod
        def mallopt(parameter, value):
            calls.append((parameter, value))
            return 1

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Glibc)
    assert allocator.keep_freed_memory() is True
    assert calls == [(-4, 0), (-1, 2**31 - 1)]


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_are_left_alone(monkeypatch, system):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: pytest.fail("the C library was opened"))
    assert allocator.keep_freed_memory() is False


def test_a_c_library_without_the_setting_is_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())  # musl
    assert allocator.keep_freed_memory() is False


def test_a_c_library_that_cannot_be_opened_is_left_alone(monkeypatch):
    def refuse(name):
        raise OSError(name)

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", refuse)
    assert allocator.keep_freed_memory() is False


def test_a_refused_parameter_is_told(monkeypatch):
    class Refusing:
        @staticmethod
        def mallopt(parameter, value):
            return 0

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Refusing)
    assert allocator.keep_freed_memory() is False
