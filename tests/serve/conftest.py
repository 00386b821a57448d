"""A real browser without a window, told what to do through a pipe (Chrome DevTools protocol), and a review in it."""

import base64
import json
import os
import re
import select
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

# The browser reads what it is told from file descriptor 3 and answers on 4.
LAUNCH = """
import fcntl, os, sys
reads, writes = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(reads, 3)
os.dup2(writes, 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio", "--no-first-run"),
    *("--autoplay-policy=no-user-gesture-required", "--remote-debugging-pipe", "--window-size=900,900"),
)
PATIENCE_S = 60


@dataclass
class Browser:
    """A headless Chromium and one tab of it."""

    writes: int
    reads: int
    session: str = ""
    events: list = field(default_factory=list)
    _rest: bytes = b""
    _number: int = 0

    def call(self, method, **parameters):
        """Ask for something, and return the answer; what happens meanwhile is kept."""
        self._number += 1
        said = {"id": self._number, "method": method, "params": parameters}
        if self.session:
            said["sessionId"] = self.session
        os.write(self.writes, json.dumps(said).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return answer["result"]
            self.events.append(answer)

    def _next(self):
        while b"\0" not in self._rest:
            assert select.select([self.reads], [], [], PATIENCE_S)[0], "the browser does not answer"
            self._rest += os.read(self.reads, 1 << 20)
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def new_tab(self):
        """Leave the tab there is, and forget what happened in it."""
        self.session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.events.clear()

    def open(self, address):
        """Open an address."""
        self.call("Page.navigate", url=address)

    def get(self, script):
        """Return what some JavaScript of the page is worth."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, script):
        """Wait until some JavaScript of the page is true."""
        last = time.monotonic() + PATIENCE_S
        while not self.get(script):
            assert time.monotonic() < last, f"never true: {script}; the page says {self.text('body')!r}"
            time.sleep(0.02)

    def text(self, selector):
        """Return the text of an element that a person sees."""
        return self.get(f"document.querySelector({selector!r}).innerText")

    def press(self, *keys):
        """Press keys, as a keyboard does."""
        codes = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, " ": 32}
        for key in keys:
            what = {"key": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0].upper()))}
            text = {"text": "\r" if key == "Enter" else key} if len(key) == 1 or key == "Enter" else {}
            self.call("Input.dispatchKeyEvent", type="keyDown", **what, **text)
            self.call("Input.dispatchKeyEvent", type="keyUp", **what)

    def click(self, selector):
        """Click with the mouse on the middle of an element."""
        box = f"document.querySelector({selector!r}).getBoundingClientRect()"
        x, y = self.get(f"[{box}.x + {box}.width / 2, {box}.y + {box}.height / 2]")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, path):
        """Write what the window shows."""
        Path(path).write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def faults(self):
        """Return what the page complained of: errors, refused addresses, uncaught exceptions."""
        self.get("1")
        logged = [event["params"]["entry"] for event in self.events if event.get("method") == "Log.entryAdded"]
        thrown = [event for event in self.events if event.get("method") == "Runtime.exceptionThrown"]
        return [entry["text"] for entry in logged if entry["level"] == "error"] + thrown

    def asked(self):
        """Return every address that was asked for."""
        sent = [event["params"] for event in self.events if event.get("method") == "Network.requestWillBeSent"]
        return [said["request"]["url"] for said in sent]


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """Start a browser once."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no chromium on the PATH to open the page in")
    profile = tmp_path_factory.mktemp("profile")
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    launch = [sys.executable, "-c", LAUNCH, str(theirs_in), str(theirs_out), program, *OPTIONS]
    process = subprocess.Popen(
        [*launch, f"--user-data-dir={profile}", "about:blank"],
        pass_fds=(theirs_in, theirs_out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    browser = Browser(ours_out, ours_in)
    try:
        browser.call("Target.getTargets")
        yield browser
        browser.session = ""
        browser.call("Browser.close")
    finally:
        os.close(ours_out)
        os.close(ours_in)
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def browser(chromium):
    """Give each test a tab of its own."""
    chromium.new_tab()
    return chromium


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
