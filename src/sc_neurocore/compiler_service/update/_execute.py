"""Applying an update to a device, wholly or not at all, and bringing a device to its journal.

The journal decides, the device follows. An update is begun by the entry ``intended``, which holds
the words to write and those to restore. Once the device was found to hold the new words and to
answer as its twin, the entry ``verified`` commits. `_settle` then brings the device to what the
journal says, whatever state it finds it in, and ends the update. A crash anywhere leaves work for
`recover`, which is `_settle` again, and never a choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from sc_neurocore.accelerator import bank_digest, bank_words
from sc_neurocore.compiler_service._errors import UpdateRefusedError, UpdateUnsettledError
from sc_neurocore.compiler_service.update._applicable import require_applicable, unfinished
from sc_neurocore.compiler_service.update._journal import (
    Journal,
    Standing,
    ended,
    intended,
    loaded,
    restored,
    standing,
    verified,
)
from sc_neurocore.compiler_service.update._update import Probe, Update
from sc_neurocore.compiler_service.update._words import (
    Words,
    at,
    count,
    difference,
    overlaid,
)
from sc_neurocore.devices import Device, Identity
from sc_neurocore.devices import update as live
from sc_neurocore.exceptions import DeviceError, DeviceMismatchError, SCConfigError

if TYPE_CHECKING:
    from sc_neurocore.build.network import LiveBundle
    from sc_neurocore.compiler.live_control import MMIOUpdateSpec

#: Clocks after which an inference that has not ended never will.
_PATIENCE = 1 << 26
#: Times that parameters are staged again before a device is given up.
_TRIES = 3


@dataclass(frozen=True, eq=False)
class LiveDesign:
    """What there is to know of a design to update its parameters.

    Attributes:
        digest: first 128 bits of the design digest, 32 hexadecimal digits.
        spec: its banks on the bus.
        image: what they hold when the device starts.
    """

    digest: str
    spec: MMIOUpdateSpec
    image: Words

    @classmethod
    def of(cls, bundle: LiveBundle) -> LiveDesign:
        """The design of a live bundle.

        Args:
            bundle: as `open_live_bundle` reads it, or as a device has it.
        """
        words = bank_words(bundle.network, bundle.foldings)
        return cls(bundle.digest[:32], bundle.device.update, words)


@dataclass(frozen=True)
class Outcome:
    """How an update ended, or what `recover` did.

    Attributes:
        state: ``committed`` (the new parameters are active), ``reverted`` (the old ones are),
            ``restored`` (the device had lost the committed ones and has them again) or ``whole``
            (there was nothing to do).
        parameters: `bank_digest` of what the device was read to hold.
        generation: of the device's parameters.
        reason: a sentence.
    """

    state: Literal["committed", "reverted", "restored", "whole"]
    parameters: str
    generation: int
    reason: str


def enrol(device: Device, design: LiveDesign, journal: Journal, name: str) -> Standing:
    """Begin, or after another image was loaded continue, the journal of a device.

    Versions stay monotone over images.

    Args:
        device: runs the design, and holds what its image says.
        design: that was loaded.
        journal: where its updates are kept.
        name: of the device in the journal.

    Raises:
        UpdateRefusedError: an update is open, or the device holds other parameters than the image.
        DeviceMismatchError: it runs another design.
    """
    before = standing(journal.entries(), name)
    if before is not None and before.open is not None:
        raise unfinished(before)
    _identify(device, design)
    if not _rest(device).clean:
        raise UpdateRefusedError("base", f"device '{name}' is in the middle of an update; reset it")
    held, wanted = bank_digest(live.read_back(device, design.spec)), bank_digest(design.image)
    if held != wanted:
        raise UpdateRefusedError(
            "base",
            f"device '{name}' holds parameters {held[:12]}…, its image {wanted[:12]}…; load the "
            "image again",
        )
    journal.append(loaded(name, design.digest, wanted))
    found = standing(journal.entries(), name)
    assert found is not None, "an image was just loaded"
    return found


def execute_update(
    device: Device, design: LiveDesign, update: Update, journal: Journal, *, tick: int = 0
) -> Outcome:
    """Apply an update: intent, stage, apply at one tick, read back, try, commit or revert.

    Args:
        device: runs the design.
        design: of the device.
        update: whose signature was verified (`open_update`).
        journal: of the device, which was enrolled.
        tick: of an inference at which all layers change to the new parameters; 0: between two.

    Returns:
        The outcome, which is also the journal's last entry: ``committed``, or ``reverted`` with
        what was found.

    Raises:
        UpdateRefusedError: the update is not for this device in its state; nothing was begun.
        DeviceMismatchError: the device runs another design; nothing was begun.
        UpdateUnsettledError: the device does not answer any more; `recover` settles it when it
            does.
        DeviceError: the device did not answer before anything was begun.
    """
    here = standing(journal.entries(), update.device)
    if here is None:
        raise UpdateRefusedError("journal", f"device '{update.device}' was never enrolled")
    require_applicable(update, here, design.digest)
    _identify(device, design)
    _require_base(device, design, update)
    journal.append(intended(update, tick))
    try:
        fault = _attempt(device, design, update, tick)
        if fault is None:
            opened = standing(journal.entries(), update.device)
            assert opened is not None and opened.open is not None, "the intent was just written"
            journal.append(verified(update.device, opened.open))
    except DeviceError as error:
        fault = str(error)
    reason = fault or f"{count(update.writes)} words and {len(update.probes)} probes are as planned"
    return _settle(device, design, journal, update.device, reason)


def recover(device: Device, design: LiveDesign, journal: Journal, name: str) -> Outcome:
    """Bring a device to what its journal says, after a crash at any point or a loss of power.

    An update that had been verified is completed, any other is undone; committed parameters that
    the device lost are given to it again.

    Args:
        device: runs the design.
        design: of the device.
        journal: of the device.
        name: of the device in the journal.

    Raises:
        UpdateRefusedError: the device was never enrolled, or with another design.
        DeviceMismatchError: the device runs another design.
        ChainError: the journal was changed.
        UpdateUnsettledError: the device does not answer, or cannot hold the parameters.
    """
    here = standing(journal.entries(), name)
    if here is None:
        raise UpdateRefusedError("journal", f"device '{name}' was never enrolled")
    if here.design != design.digest:
        raise UpdateRefusedError(
            "journal", f"the journal of '{name}' is of design {here.design}, not {design.digest}"
        )
    return _settle(device, design, journal, name, "")


def _require_base(device: Device, design: LiveDesign, update: Update) -> None:
    """Refuse unless the device holds what the update replaces, and the update what it says."""
    if not _rest(device).clean:
        raise UpdateRefusedError(
            "unfinished", f"device '{update.device}' is in the middle of an update; recover it"
        )
    held = live.read_back(device, design.spec)
    digest = bank_digest(held)
    where = f"update '{update.package_id}'"
    if digest != update.base:
        raise UpdateRefusedError(
            "base",
            f"{where} replaces parameters {update.base[:12]}…; '{update.device}' was read to hold "
            f"{digest[:12]}…; recover it",
        )
    try:
        after = overlaid(held, update.writes)
    except SCConfigError as error:
        raise UpdateRefusedError("foreign", f"{where} does not fit the design: {error}") from None
    if bank_digest(after) != update.result:
        raise UpdateRefusedError("result", f"{where} does not give the parameters that it says")
    if at(held, update.inverse) != update.inverse:
        raise UpdateRefusedError("rollback", f"{where} has an inverse that does not undo it")


def _attempt(device: Device, design: LiveDesign, update: Update, tick: int) -> str | None:
    """Stage and apply; return what is wrong then, None if nothing is."""
    before = device.telemetry().traps
    live.stage(device, design.spec, update.writes)
    live.apply(device, tick)
    _rest(device)
    held = live.read_back(device, design.spec)
    for bank, entries in at(held, update.writes).items():
        for entry, word in entries.items():
            if word != update.writes[bank][entry]:
                return (
                    f"entry {entry} of bank '{bank}' reads {word:#x} where "
                    f"{update.writes[bank][entry]:#x} was written"
                )
    if bank_digest(held) != update.result:
        return "an entry changed that was not written"
    for number, probe in enumerate(update.probes):
        fault = _probe_fault(device, probe, number)
        if fault is not None:
            return fault
    traps = device.telemetry().traps & ~before
    return f"the device reports new traps {traps:#x}" if traps else None


def _probe_fault(device: Device, probe: Probe, number: int) -> str | None:
    got, wanted = device.run(np.array(probe.sample, np.int64)), probe.after
    for name, a, b in (
        ("class", got.prediction, wanted.prediction),
        ("spikes of the layers", list(got.layer_spikes), list(wanted.layer_spikes)),
        ("clocks", got.clocks, wanted.clocks),
    ):
        if a != b:
            return f"probe {number}: the device's {name} is {a}, its twin's {b}"
    return None


def _settle(
    device: Device, design: LiveDesign, journal: Journal, name: str, reason: str
) -> Outcome:
    """Bring a device to what its journal says, and end the update that is open."""
    here = standing(journal.entries(), name)
    assert here is not None, "the callers know that the device was enrolled"
    wanted = overlaid(design.image, here.target_written)
    if bank_digest(wanted) != here.target:
        raise UpdateRefusedError(
            "journal", f"the journal of '{name}' does not give the parameters that it says"
        )
    fault = ""
    for _ in range(_TRIES):
        try:
            _identify(device, design)
            repaired, generation = _bring(device, design, wanted)
        except DeviceMismatchError:
            raise
        except DeviceError as error:
            fault = str(error)
            continue
        return _end(journal, here, reason, repaired, generation)
    raise UpdateUnsettledError(
        f"device '{name}' could not be brought to parameters {here.target[:12]}…; recover it when "
        f"it answers ({fault})"
    )


def _rest(device: Device) -> live.UpdateStatus:
    """Let the device end its inference and whatever waits for it, and return its update's state.

    Raises:
        DeviceError: it does not end.
    """
    waited, pause = 0, 64
    while True:
        state = live.status(device)
        if not (state.busy or state.pending or device.telemetry().busy):
            return state
        if waited > _PATIENCE:
            raise DeviceError(
                f"an inference or an update of {device.name} has not ended after {waited} clocks"
            )
        device.step(pause)
        waited += pause
        pause = min(2 * pause, 1 << 16)


def _bring(device: Device, design: LiveDesign, wanted: Words) -> tuple[int, int]:
    """End in the clean state with these words.

    Returns:
        How many had to be written for it, and the generation.
    """
    state = _rest(device)
    expected = device.identify().generation
    held = live.read_back(device, design.spec)
    if state.applied and not difference(held, wanted):
        live.commit(device)
    elif state.applied:
        live.revert(device)
        expected += 1
        held = live.read_back(device, design.spec)
        live.discard(device)
    elif state.staged:
        live.discard(device)
    missing = difference(held, wanted)
    if missing:
        live.stage(device, design.spec, missing)
        live.apply(device)
        expected += 1
        if difference(live.read_back(device, design.spec), wanted):
            live.revert(device)
            live.discard(device)
            raise DeviceError(f"{count(missing)} words were written and do not read back")
        live.commit(device)
    # A loss of power in between starts the count again, and makes of what was read a mixture.
    generation = device.identify().generation
    if generation != expected:
        raise DeviceError("the device started again meanwhile")
    return count(missing), generation


def _end(journal: Journal, here: Standing, reason: str, repaired: int, generation: int) -> Outcome:
    lost = f"{repaired} words were not as committed, and were written again" if repaired else ""
    if here.open is not None:
        state: Literal["committed", "reverted"] = "committed" if here.open.verified else "reverted"
        said = "; ".join(filter(None, (reason or "found unfinished", lost)))
        journal.append(ended(here.device, here.open, said, generation))
        return Outcome(state, here.target, generation, said)
    if repaired:
        journal.append(restored(here.device, here.target, lost, generation))
        return Outcome("restored", here.target, generation, lost)
    return Outcome("whole", here.target, generation, "the device holds what its journal says")


def _identify(device: Device, design: LiveDesign) -> Identity:
    identity = device.identify()
    if identity.digest != design.digest:
        raise DeviceMismatchError(
            f"{device.name} runs design {identity.digest}; the update is for {design.digest}"
        )
    return identity
