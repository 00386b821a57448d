"""Libraries that an extra brings."""

import json
import sys

import pytest

from earmark._util.optional import import_extra
from earmark.errors import EarmarkError, MissingExtraError


def test_a_library_that_is_there_is_returned():
    assert import_extra("json", "serve") is json


def test_a_submodule_is_returned_itself_and_not_the_package_above_it():
    assert import_extra("xml.dom", "serve").__name__ == "xml.dom"


def test_a_library_that_is_missing_says_which_extra_brings_it_and_what_to_type():
    with pytest.raises(MissingExtraError) as caught:
        import_extra("not_installed_anywhere", "serve")
    message = str(caught.value)
    assert "not_installed_anywhere is not installed" in message
    assert "pip install 'earmark[serve]'" in message


def test_a_missing_library_is_the_users_matter_and_an_import_error_too():
    with pytest.raises(ImportError) as caught:
        import_extra("not_installed_anywhere", "serve")
    assert isinstance(caught.value, EarmarkError)
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_a_library_that_breaks_while_it_loads_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "broken_library.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ZeroDivisionError):
        import_extra("broken_library", "serve")
    assert "broken_library" not in sys.modules
