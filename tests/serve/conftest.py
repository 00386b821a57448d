"""A review in a process of its own, for the browser that all tests share."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass

import pytest

PATIENCE_S = 60

# A shell that runs the tests in the background has them ignore Ctrl-C, and what they start as well.
LISTENING = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from earmark.cli import main; sys.exit(main())"
)


@dataclass
class Sitting:
    """``earmark review`` in a process of its own."""

    process: subprocess.Popen
    address: str

    def kill(self):
        """End it without a chance to tidy up, as a crash does."""
        self.process.kill()
        self.process.communicate()

    def end(self):
        """Return its status and what it wrote, once it has ended by itself."""
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err


@pytest.fixture
def sit_down(tmp_path):
    """Start ``earmark review`` on a data set, as often as it is called."""
    sittings = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", LISTENING, "review", *map(str, arguments), "--no-browser"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "EARMARK_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"},
        )
        told = ""
        while not (found := re.search(r"http://\S+", told)):
            line = process.stderr.readline()
            assert line, f"it ended: {told}"
            told += line
        sittings.append(Sitting(process, found.group()))
        return sittings[-1]

    yield start
    for sitting in sittings:
        sitting.kill()
