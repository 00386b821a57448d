"""The lessons travel in the wheel, and an installed earmark hands them out without a checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(path.name for path in (REPOSITORY / "examples").glob("[0-9]*.py"))
BUILD = "import sys; from hatchling.build import {kind}; {kind}(sys.argv[1])"


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Build one kind of wheel, and return the folder that it is unpacked in."""
    pytest.importorskip("hatchling", reason="hatchling is not installed")

    def make(kind):
        folder = tmp_path_factory.mktemp(kind)
        command = [sys.executable, "-c", BUILD.format(kind=kind), str(folder)]
        subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, timeout=120)
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / "site")
        return folder / "site"

    return make


@pytest.mark.slow
def test_an_installed_earmark_hands_out_its_lessons(build, tmp_path):
    site = build("build_wheel")
    shipped = site / "earmark" / "lessons" / "scripts"
    assert sorted(path.name for path in shipped.iterdir()) == SCRIPTS
    code = (
        "import earmark, sys; from earmark.cli import main; "
        f"assert earmark.__file__.startswith({str(site)!r}), earmark.__file__; "
        f"sys.exit(main(['learn', '0', '-o', {str(tmp_path / 'out')!r}, '--format', 'notebook']))"
    )
    # In front of everything, so that the checkout is not found.
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(site)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert [path.suffix for path in (tmp_path / "out").iterdir()] == [".ipynb"]


@pytest.mark.slow
def test_an_editable_installation_leads_to_the_checkout_and_copies_nothing(build):
    site = build("build_editable")
    assert not (site / "earmark").exists()
    (link,) = site.glob("*.pth")
    assert Path(link.read_text().strip()) == REPOSITORY / "src"
