"""The gates at the ends of a link; their golden models are those of `sc_neurocore.hdl.links`."""

from __future__ import annotations

import numpy as np

from sc_neurocore.hdl.blocks._block import Block, Fault, Levels, constant, whole
from sc_neurocore.hdl.blocks._clocking import (
    Clocked,
    Drive,
    Pins,
    Taken,
    against,
    step_by_step,
)
from sc_neurocore.hdl.blocks._stimulus import bits
from sc_neurocore.hdl.links import (
    Acknowledgement,
    Backoff,
    CreditFlow,
    DedupWindow,
    LinkEvent,
    PeerHealth,
    Verdict,
)
from sc_neurocore.hdl.links._dedup import HALF, MODULUS

_EVENTS = {
    "good": LinkEvent.GOOD, "bad_crc": LinkEvent.BAD_CRC, "lost": LinkEvent.LOST,
    "late": LinkEvent.LATE, "silent": LinkEvent.SILENT,
}  # fmt: skip


class _Dedup(Clocked):
    def __init__(self, window: DedupWindow) -> None:
        self.window, self.state = window, window.initial

    def outputs(self, pins: Pins) -> dict[str, int]:
        verdict = self.window.step(self.state, pins["number"])[1] if pins["valid"] else None
        judged = {v.name.lower(): int(verdict is v) for v in Verdict}
        return judged | {"newest": self.state.newest}

    def clock(self, pins: Pins) -> None:
        if pins["valid"]:
            self.state, _ = self.window.step(self.state, pins["number"])


def dedup_window(window: DedupWindow) -> Block:
    """Each sequence number once."""
    size = window.window

    def drivers(rng: np.random.Generator, ticks: int) -> tuple[Drive, Taken]:
        valid, kind = bits(rng, ticks), rng.integers(0, 8, ticks)
        near = rng.integers(-size - 2, size + 3, ticks)
        # Where a number stops being newer, and as far as it may be.
        edge = rng.choice([HALF - 1, HALF, HALF + 1, size - 1, size, size + 1], ticks)
        anywhere = rng.integers(0, MODULUS, ticks)
        newest = MODULUS - 1

        def drive(tick: int) -> dict[str, int]:
            offset = 1 if kind[tick] < 3 else near[tick] if kind[tick] < 6 else edge[tick]
            if kind[tick] == 7 and anywhere[tick] & 1:
                offset = anywhere[tick]
            return {"valid": int(valid[tick]), "number": int(newest + offset) % MODULUS}

        def taken(pins: dict[str, int], outputs: dict[str, int]) -> None:
            nonlocal newest
            newest = outputs["newest"]

        return drive, taken

    return Block(
        "sc_dedup_window", whole(WINDOW=(size, 1, None)),
        {"valid": 1, "number": 32},
        {"fresh": 1, "duplicate": 1, "stale": 1, "newest": 32},
        against(lambda: _Dedup(window), drivers), step_by_step(lambda: _Dedup(window)), 11,
        (
            Fault("!ahead[31]", "1'b1", "takes what is old for new"),
            Fault("if (newer) newest", "newest", "lets the newest move back"),
            Fault("far ? ALL : wraps", "wraps", "keeps what the window has left"),
            Fault("above | below :", "above :", "remembers what has not come"),
            Fault("age < 32'(WINDOW)", "age <= 32'(WINDOW)", "remembers one too many"),
            Fault("valid && in_window && came", "valid && came", "finds duplicates anywhere"),
            Fault("seen   <= ALL;", "seen   <= ONE;",
                  "lets in what was before the first"),
        ),
        paced=False, restarts=True,
    )  # fmt: skip


class _Health(Clocked):
    def __init__(self, health: PeerHealth) -> None:
        self.health, self.state = health, health.initial

    def outputs(self, pins: Pins) -> dict[str, int]:
        return {"score": self.state.score, "blocked": int(self.state.blocked)}

    def clock(self, pins: Pins) -> None:
        events = LinkEvent(0)
        for name, event in _EVENTS.items():
            if pins[name]:
                events |= event
        self.state = self.health.step(self.state, events)


def peer_health(health: PeerHealth) -> Block:
    """The score of a peer."""

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        # Faults in times of trouble, and then good packets until the peer is open again.
        trouble = np.resize(np.repeat([1, 0], 96), ticks)
        rare = {name: (rng.random(ticks) < 0.1).astype(np.int64) for name in _EVENTS}
        faults = {name: np.where(trouble, bits(rng, ticks), rare[name] & trouble) for name in rare}
        restart = (rng.random(ticks) < 0.003).astype(np.int64)
        good = np.where(trouble, bits(rng, ticks), rng.random(ticks) < 0.9)
        return faults | {"good": good, "restart": restart}

    names = ("reward", "bad_crc", "lost", "late", "silent", "threshold", "hysteresis")
    parameters = {name.upper(): (getattr(health, name), 0, 255) for name in names}
    return Block(
        "sc_peer_health", whole(**parameters), dict.fromkeys(_EVENTS, 1),
        {"score": 8, "blocked": 1},
        stimulus, step_by_step(lambda: _Health(health)), 9,
        (
            Fault("sum[10] ? 8'd0", "sum[10] ? 8'd255", "wraps at the bottom"),
            Fault("sum[9:8] != 2'd0 ? 8'd255 :", "", "wraps at the top"),
            Fault(">= 9'(THRESHOLD + HYSTERESIS)", ">= 9'(THRESHOLD)", "has no hysteresis"),
            Fault("next} < 9'(THRESHOLD)", "next} < 9'(THRESHOLD - 1)", "blocks one too late"),
            Fault("+ (lost   ?", "+ (late   ?", "does not count what is lost"),
        ),
        paced=False, restarts=True,
    )  # fmt: skip


class _Backoff(Clocked):
    def __init__(self, backoff: Backoff) -> None:
        self.backoff, self.state = backoff, backoff.initial

    def outputs(self, pins: Pins) -> dict[str, int]:
        return {"blocked": int(self.state.blocked)}

    def clock(self, pins: Pins) -> None:
        self.state = self.backoff.step(self.state, **{name: bool(pins[name]) for name in _PINS})


_PINS = ("tick", "success", "failure")


def backoff_block(backoff: Backoff) -> Block:
    """Pauses after failures."""

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        # Successes are rare, so that several failures come in a row.
        return {
            "tick": bits(rng, ticks) | (rng.random(ticks) < 0.5),
            "failure": bits(rng, ticks),
            "success": bits(rng, ticks) & (rng.random(ticks) < 0.02),
            "restart": (rng.random(ticks) < 0.002).astype(np.int64),
        }

    return Block(
        "sc_backoff",
        whole(BASE=(backoff.base, 1, None), CAP=(backoff.cap, 1, None))
        | {"SEED": constant(16, backoff.seed)},
        dict.fromkeys(_PINS, 1), {"blocked": 1},
        stimulus, step_by_step(lambda: _Backoff(backoff)), 12,
        (
            Fault("failure && !blocked", "failure", "lengthens a pause"),
            Fault("success ? SPAN'(BASE) : span", "span", "forgets a success beside a failure"),
            Fault("else if (success) span", "else if (1'b0) span", "forgets a success"),
            Fault(".enable (begins)", ".enable (failure)", "draws in a pause"),
            Fault("twice > (SPAN+1)'(CAP) ?", "1'b1 ?", "goes to the cap at once"),
        ),
        paced=False, restarts=True,
    )  # fmt: skip


class _Credit(Clocked):
    def __init__(self, flow: CreditFlow) -> None:
        self.flow, self.state = flow, flow.initial

    def outputs(self, pins: Pins) -> dict[str, int]:
        _, kind = self.flow.acknowledge(self.state, pins["following"])
        return {
            "ready": int(self.flow.ready(self.state)),
            "sequence_number": self.state.sequence,
            "impossible": int(bool(pins["acknowledge"]) and kind is Acknowledgement.IMPOSSIBLE),
            "outstanding": self.state.outstanding,
        }

    def clock(self, pins: Pins) -> None:
        sends = pins["send"] and self.flow.ready(self.state)
        if pins["acknowledge"]:
            self.state, _ = self.flow.acknowledge(self.state, pins["following"])
        if sends:
            self.state = self.flow.send(self.state)


def credit_flow(flow: CreditFlow) -> Block:
    """Packets under way."""
    credits = flow.credits

    def drivers(rng: np.random.Generator, ticks: int) -> tuple[Drive, Taken]:
        send, acknowledge, kind = bits(rng, ticks), bits(rng, ticks), rng.random(ticks)
        share, beside = rng.random(ticks), rng.integers(-3, 4, ticks)
        anywhere = rng.integers(0, MODULUS, ticks)
        sequence = outstanding = 0

        def drive(tick: int) -> dict[str, int]:
            left = int(share[tick] * outstanding) if kind[tick] < 0.7 else int(beside[tick])
            left = int(anywhere[tick]) if kind[tick] > 0.95 else left
            return {
                "send": int(send[tick]), "acknowledge": int(acknowledge[tick]),
                "following": (sequence - left) % MODULUS,
            }  # fmt: skip

        def taken(pins: dict[str, int], outputs: dict[str, int]) -> None:
            nonlocal sequence, outstanding
            sequence, outstanding = outputs["sequence_number"], outputs["outstanding"]

        return drive, taken

    width = credits.bit_length()
    return Block(
        "sc_credit_flow", whole(CREDITS=(credits, 1, 0xFFFF)),
        {"send": 1, "acknowledge": 1, "following": 32},
        {"ready": 1, "sequence_number": 32, "impossible": 1, "outstanding": width},
        against(lambda: _Credit(flow), drivers), step_by_step(lambda: _Credit(flow)), 9,
        (
            Fault("rest < 32'(outstanding)", "!rest[31]", "makes credits of old acknowledgements"),
            Fault("+ WIDTH'(sent)", "+ WIDTH'(sent && !taken)", "makes a credit when both happen"),
            Fault("rest[WIDTH-1:0] : outstanding)", "outstanding : outstanding)",
                  "returns no credit"),
            Fault("acknowledge && rest[31]", "acknowledge && !taken", "calls old ones impossible"),
        ),
        paced=False, restarts=True,
    )  # fmt: skip
