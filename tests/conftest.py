"""Fixtures that every test may use: sounds made on the spot, the real ones where they are there, and a browser.

The browser is a real one without a window, told what to do through a pipe (Chrome DevTools protocol).
"""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass
class Sounds:
    """Writes small sounds below a folder."""

    root: Path

    def write(
        self,
        name,
        *,
        seconds=1.0,
        sample_rate=22050,
        n_channels=1,
        subtype=None,
        kind="tone",
        frequency_hz=440.0,
        seed=0,
    ):
        """Write one sound in the format of its suffix, and return its path."""
        time_s = np.arange(round(seconds * sample_rate)) / sample_rate
        noise = np.random.default_rng(seed).standard_normal(len(time_s))
        waveform = {
            "tone": 0.5 * np.sin(2 * np.pi * frequency_hz * time_s) + 0.01 * noise,
            "noise": 0.1 * noise,
            "silence": np.zeros(len(time_s)),
        }[kind]
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        channels = np.stack([waveform] * n_channels, axis=1) if n_channels > 1 else waveform
        soundfile.write(path, channels.astype(np.float32), sample_rate, subtype=subtype)
        return path

    def folder(self, counts, *, seconds=1.0, name="sounds"):
        """Write a folder of class folders: each class its own pitch, each clip its own noise."""
        for index, (label, n_clips) in enumerate(counts.items()):
            for number in range(n_clips):
                self.write(
                    f"{name}/{label}/{label}{number}.wav",
                    seconds=seconds,
                    frequency_hz=300.0 * 2**index + 7 * number,
                    seed=100 * index + number,
                )
        return self.root / name


@pytest.fixture
def sounds(tmp_path):
    """Make small sounds below the test's own folder."""
    return Sounds(tmp_path)


@pytest.fixture(scope="session")
def shared_data():
    """The real sounds that lie beside the checkout; the test is skipped where they do not."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real sounds are not here: ../shared/data is absent")
    return folder


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
        codes = {
            "Tab": 9,
            "Enter": 13,
            "Escape": 27,
            "ArrowLeft": 37,
            "ArrowUp": 38,
            "ArrowRight": 39,
            "ArrowDown": 40,
            " ": 32,
        }
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

    def resize(self, width, height=900):
        """Show the page as wide as a window of this many pixels does, such as that of a phone."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

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
