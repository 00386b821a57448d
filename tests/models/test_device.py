import pytest
import torch

from earmark.errors import SettingError
from earmark.models.device import resolve_device


def test_auto_is_the_processor_where_nothing_else_is(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)

    assert resolve_device("auto").type == "cpu"


def test_auto_prefers_cuda(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)

    assert resolve_device("auto").type == "cuda"


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    with pytest.raises(SettingError, match="'cuda' is not to be had on this machine"):
        resolve_device("cuda")


def test_an_unknown_device_is_answered_with_the_nearest():
    with pytest.raises(SettingError, match="did you mean 'cuda'"):
        resolve_device("cudda")
