"""Runs a Yosys script inside pyosys, in a process of its own.

Called by path, as ``python _yosys_worker.py MEMORY_MB SCRIPT``, so that it imports nothing
but pyosys. Yosys ends the process on an error, and a crash in it is contained here.
"""

import resource
import sys

if __name__ == "__main__":
    size = int(sys.argv[1]) << 20
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    from pyosys import libyosys

    libyosys.run_pass(f"script {sys.argv[2]}", libyosys.Design())
