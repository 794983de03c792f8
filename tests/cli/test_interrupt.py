"""An interrupt is never lost."""

import os
import signal

import pytest

from sc_neurocore.cli._interrupt import interruptible


class Terminated:
    """Sends SIGTERM from a finaliser, where Python cannot raise."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        sum(range(1000))


def test_a_signal_inside_a_finaliser_still_interrupts() -> None:
    with pytest.raises(KeyboardInterrupt), interruptible():
        item = Terminated()
        del item
        signal.sigtimedwait([], 5)


def test_other_lost_exceptions_are_reported(capfd: pytest.CaptureFixture[str]) -> None:
    class Broken:
        def __del__(self) -> None:
            raise RuntimeError("lost on the way")

    with interruptible():
        item = Broken()
        del item
    assert "lost on the way" in capfd.readouterr().err
