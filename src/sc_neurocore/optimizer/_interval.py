"""A figure with the word for how it is known, its interval, and what a limit says of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Word = Literal["measured", "executed", "estimated"]
Verdict = Literal["fits", "may fit", "does not fit"]


@dataclass(frozen=True)
class Figure:
    """A number and how it is known.

    Attributes:
        value: the number, or the middle of what is estimated.
        low: lower end of the interval; the value itself where it is exact.
        high: upper end; infinite, and ``low`` 0, where the error is not known.
        word: ``measured`` (a tool or instrument said so), ``executed`` (the bit-true model did it)
            or ``estimated`` (a model said so).
    """

    value: float
    low: float
    high: float
    word: Word

    @classmethod
    def exact(cls, value: float, word: Word) -> Figure:
        """A number without an interval."""
        return cls(value, value, value, word)

    def as_dict(self) -> dict[str, float | str]:
        """The figure as a report holds it."""
        return {"value": self.value, "low": self.low, "high": self.high, "word": self.word}

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{_text(self.value)} ({self.word})"
        if math.isinf(self.high):
            return f"{_text(self.value)} ({self.word}, error not known)"
        return f"{_text(self.value)} ({self.word}, {_text(self.low)} to {_text(self.high)})"


def sum_of(figures: list[Figure]) -> Figure:
    """Sum of figures; the interval holds wherever all of theirs do, and the word is the weakest."""
    return Figure(
        sum(f.value for f in figures),
        sum(f.low for f in figures),
        sum(f.high for f in figures),
        weakest(figures),
    )


def weakest(figures: list[Figure]) -> Word:
    """``estimated`` if one is, else ``executed`` if one is, else ``measured``."""
    order: tuple[Word, ...] = ("measured", "executed", "estimated")
    return max((f.word for f in figures), key=order.index, default="measured")


def verdict_of(figure: Figure, limit: float) -> Verdict:
    """``fits`` if the upper end is within the limit, ``does not fit`` if the lower end is not."""
    if figure.high <= limit:
        return "fits"
    return "may fit" if figure.low <= limit else "does not fit"


@dataclass(frozen=True)
class BudgetCheck:
    """One limit and what stands against it.

    Attributes:
        name: of the resource, such as ``LUTs``.
        used: how much is used.
        limit: how much there may be.
    """

    name: str
    used: Figure
    limit: float

    @property
    def verdict(self) -> Verdict:
        """In words, by the whole interval."""
        return verdict_of(self.used, self.limit)

    @property
    def within(self) -> bool:
        """Whether the middle of the interval is within the limit."""
        return self.used.value <= self.limit * (1 + 1e-9)

    def __str__(self) -> str:
        return f"{self.name} {self.used} of {_text(self.limit)}: {self.sentence}"

    @property
    def sentence(self) -> str:
        """The verdict with what it rests on."""
        if self.verdict == "may fit":
            side = "inside" if self.within else "beyond"
            return f"may fit (the middle of the estimate is {side} the limit)"
        return self.verdict


def _text(value: float) -> str:
    if float(value).is_integer() or abs(value) >= 1000:
        return f"{round(value)}"
    return f"{value:.4g}"
