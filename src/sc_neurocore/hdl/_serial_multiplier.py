"""Golden model of ``sc_serial_multiplier``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class SerialMultiplier:
    """A signed multiplier that takes one bit of ``b`` per clock (Booth 1951, radix 2).

    Attributes:
        a_width: bits of the multiplicand.
        b_width: bits of the multiplier, and clocks from loading to the product.
    """

    a_width: int
    b_width: int
    _a: int = 0
    _high: int = 0
    _low: int = 0
    _previous: int = 0

    def clock(self, start: bool, a: int, b: int) -> int:
        """One rising edge.

        Args:
            start: load both factors.
            a: multiplicand, signed.
            b: multiplier, signed.

        Returns:
            The product port after the edge: ``a·b`` after `b_width` edges without ``start``.
        """
        if start:
            self._a, self._high = a, 0
            self._low, self._previous = b & ((1 << self.b_width) - 1), 0
        else:
            bit = self._low & 1
            total = self._high + (self._previous - bit) * self._a
            self._low = (self._low >> 1) | ((total & 1) << (self.b_width - 1))
            self._high, self._previous = total >> 1, bit
        return (self._high << self.b_width) | self._low
