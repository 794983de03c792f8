"""Without torch the room says what to install."""

from __future__ import annotations

import importlib
import sys

import pytest

from sc_neurocore.exceptions import SCDependencyError


def test_torch_is_named_when_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "sc_neurocore.training", raising=False)
    with pytest.raises(SCDependencyError, match=r"pip install 'sc-neurocore\[training\]'"):
        importlib.import_module("sc_neurocore.training")
