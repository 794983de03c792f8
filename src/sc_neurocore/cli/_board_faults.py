"""``board faults``: a virtual board disturbed on purpose."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from sc_neurocore.cli._output import examples, json_option, print_json, print_table
from sc_neurocore.exceptions import SCConfigError

if TYPE_CHECKING:
    from sc_neurocore.devices import Instruments


@click.command(
    short_help="Disturb a virtual board.",
    epilog=examples(
        "sc-neurocore board faults board.sock",
        "sc-neurocore board faults board.sock link.lost=0.01 bus.corrupted=0.001 --seed 7",
        "sc-neurocore board faults board.sock --flip 0:5:3",
        "sc-neurocore board faults board.sock --clear",
        codes="0 success, 2 no such fault or bit, 8 no board there",
    ),
)
@click.argument("address", metavar="ADDRESS")
@click.argument("rates", nargs=-1, metavar="[NAME=NUMBER]…")
@click.option("--seed", type=click.IntRange(0), help="Start the faults' random numbers anew.")
@click.option("--flip", metavar="MEMORY:WORD:BIT", help="Flip one bit of a parameter memory.")
@click.option(
    "--stick", metavar="MEMORY:WORD:BIT:VALUE", help="Make a bit stay at 0 or 1 until --clear."
)
@click.option("--power-loss", is_flag=True, help="Take the power away and give it back.")
@click.option("--clear", is_flag=True, help="Switch all faults off first.")
@json_option
def faults(
    address: str,
    rates: tuple[str, ...],
    seed: int | None,
    flip: str | None,
    stick: str | None,
    power_loss: bool,
    clear: bool,
    as_json: bool,
) -> None:
    """Switch faults of the virtual board at ADDRESS on and off, and show what it has injected."""
    from sc_neurocore.devices import FAULTS, Instruments

    wanted = dict(map(_rate, rates))
    bits = _numbers("--flip", flip, 3), _numbers("--stick", stick, 4)
    with Instruments(address) as bench:
        for option, bit in zip(("--flip", "--stick"), bits, strict=True):
            _require_bit(option, bit, bench)
        if clear:
            bench.clear_faults()
        if wanted or seed is not None:
            bench.set_faults(wanted, seed=seed)
        if bits[0]:
            bench.flip(bits[0][0], bits[0][1], bits[0][2])
        if bits[1]:
            bench.stick(bits[1][0], bits[1][1], bits[1][2], bool(bits[1][3]))
        if power_loss:
            bench.lose_power()
        state = bench.state()
    if as_json:
        print_json(asdict(state))
        return
    rows = [
        [name, f"{state.rates.get(name, 0):g}", str(state.injected.get(name, "")), meaning]
        for name, meaning in (*FAULTS.items(), ("memory.stuck", "bits stuck with --stick"))
    ]
    print_table(["fault", "set to", "injected", "meaning"], rows)
    click.echo(
        f"started {state.boots} times; {state.operations} register operations, "
        f"{state.repeated} frames answered from memory, {state.damaged} dropped as damaged"
    )


def _require_bit(option: str, bit: list[int], bench: Instruments) -> None:
    """Refuse a bit that the board's memories do not have."""
    if not bit:
        return
    memories = bench.state().memories
    if bit[0] >= len(memories):
        raise SCConfigError(
            f"{option} names memory {bit[0]}; the board has memories 0 to {len(memories) - 1}"
        )
    memory = memories[bit[0]]
    if bit[1] >= memory.words or bit[2] >= memory.bits:
        raise SCConfigError(
            f"{option} names bit {bit[2]} of word {bit[1]}; memory {bit[0]} has words 0 to "
            f"{memory.words - 1} (both halves) of {memory.bits} bits"
        )
    if len(bit) > 3 and bit[3] > 1:
        raise SCConfigError(f"{option} makes a bit stay at {bit[3]}; a bit is 0 or 1")


def _rate(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    try:
        return name, float(number)
    except ValueError:
        raise SCConfigError(
            f"'{text}' is no fault; give its name and number, as bus.lost=0.001"
        ) from None


def _numbers(option: str, text: str | None, count: int) -> list[int]:
    if text is None:
        return []
    parts = text.split(":")
    if len(parts) != count or not all(part.isascii() and part.isdigit() for part in parts):
        raise SCConfigError(f"{option} is '{text}'; give {count} whole numbers joined by ':'")
    return [int(part) for part in parts]
