"""A worker process: ``python -m`` this, with the settings as the first line of input."""

from __future__ import annotations

import logging
import os
import sys

from sc_neurocore.compiler_service.service._serve import settings_from_json, work

if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    parent = os.getppid()
    work(settings_from_json(sys.stdin.readline()), lambda: os.getppid() == parent)
