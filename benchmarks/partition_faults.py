"""What was done to the packets of a link, beside what every gate counted.

    python benchmarks/partition_faults.py [--ticks 2000] [--seed 1]

Ends with status 1 if a counter differs. Results go to benchmarks/results/partition_faults.json.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from machine import write_results
from sc_neurocore.partition import fault_table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ticks", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rows = fault_table(options.ticks, options.seed)
    table = Table("faults", "gate", "counter", "counts what was", "injected", "counted", "equal")
    for row in rows:
        if row.injected or row.counted or row.counter == "wrong spikes":
            equal = "yes" if row.equal else "NO"
            table.add_row(row.campaign, row.gate, row.counter, row.fault,
                          str(row.injected), str(row.counted), equal)  # fmt: skip
    Console().print(table)
    found = [{**asdict(row), "equal": row.equal} for row in rows]
    write_results("partition_faults", {**vars(options), "rows": found})
    return 0 if all(row.equal for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
