"""A worker process: ``python -m`` this and its server's process number; settings come as a line."""

from __future__ import annotations

import logging
import os
import sys

from sc_neurocore.compiler_service.service._serve import settings_from_json, work

if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    # Told, not asked for: the server may be gone before this process gets here.
    parent = int(sys.argv[1])
    work(settings_from_json(sys.stdin.readline()), lambda: os.getppid() == parent)
