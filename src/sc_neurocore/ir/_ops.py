"""What a node of the graph does: boundaries, populations, delays, and what linear nodes share.

Arrays are copied, float64 and read-only. An operation knows its shapes, and a linear one knows its
reference implementation, which executes the network and is folded into dense projections alike.
Batches lead: an input of shape S is applied as (batch, *S).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError

if TYPE_CHECKING:
    from sc_neurocore.ir._graph import Graph

Array = NDArray[np.float64]
Shape = tuple[int, ...]
Signal = Literal["spike", "current", "state"]
Kind = Literal["lif", "if", "li", "i", "cuba_lif", "cuba_li", "threshold"]

#: A field of an operation and the sentence that says what is wrong with it.
Problem = tuple[str, str]

#: Parameters of each kind of neuron, as NIR names them.
KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "lif": ("tau", "r", "v_leak", "v_threshold", "v_reset"),
        "if": ("r", "v_threshold", "v_reset"),
        "li": ("tau", "r", "v_leak"),
        "i": ("r",),
        "cuba_lif": ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in"),
        "cuba_li": ("tau_syn", "tau_mem", "r", "v_leak", "w_in"),
        "threshold": ("threshold",),
    }
)

#: Parameters that may be left out, and what is then meant.
DEFAULTS: Mapping[str, float] = MappingProxyType({"v_reset": 0.0, "w_in": 1.0})

#: Kinds whose output is spikes; the others send their membrane.
SPIKING: frozenset[str] = frozenset({"lif", "if", "cuba_lif", "threshold"})


def frozen_array(value: ArrayLike) -> Array:
    """A read-only float64 array in C order: a copy, unless the value is one already."""
    if (
        isinstance(value, np.ndarray)
        and is_frozen(value)
        and value.dtype == np.float64
        and value.flags.c_contiguous
    ):
        return value
    array = np.array(value, dtype=np.float64, order="C")
    array.setflags(write=False)
    return array


def is_frozen(array: NDArray[Any]) -> bool:
    """Whether nobody can write to an array: it is read-only and no view of another."""
    return array.base is None and not array.flags.writeable


def ints(value: Any, count: int) -> Shape:
    """``count`` integers from one integer or a sequence of them; the verifier sees the rest."""
    flat = _whole(value)
    return flat * count if len(flat) == 1 else flat


def shape_of(value: Any) -> Shape | None:
    """Sizes as a tuple of integers, None for a shape that is not known."""
    return None if value is None else _whole(value)


def _whole(value: Any) -> Shape:
    if type(value) is tuple and all(type(v) is int for v in value):
        return value
    array = np.asarray(value).reshape(-1)
    if array.dtype.kind not in "iuf" or np.any(array != np.floor(array)):
        raise SCConfigError(f"{value!r} must hold whole numbers only.")
    return tuple(int(v) for v in array)


@dataclass(frozen=True, eq=False)
class Op:
    """A node's operation.

    Every operation says the shape it takes when that is fixed (`wants`), the shape it gives for one
    it takes (`gives`), the kind of signal it emits, and what is wrong with its fields (`check`).
    """

    #: Whether the output always has the shape of the input.
    elementwise: ClassVar[bool] = True

    def emits(self) -> Signal | None:
        """Kind of signal of the output; None for the input's own."""
        return "current"

    def wants(self) -> Shape | None:
        """Shape of the input that the fields determine, None while any would do."""
        return None

    def gives(self, shape: Shape) -> Shape:
        """Shape of the output for an input of ``shape``.

        Raises:
            ValueError: the operation does not take that shape; the text says why.
        """
        return shape

    def shaped(self, shape: Shape) -> Self:
        """The same operation with its input's shape filled in."""
        return self

    def check(self) -> Iterator[Problem]:
        """Fields that break a rule."""
        yield from ()

    @cached_property
    def declared(self) -> tuple[Shape | None, Shape | None]:
        """Shapes of the input and of the output that the fields determine.

        Raises:
            ValueError: the operation does not take the shape that it wants.
        """
        wanted = self.wants()
        return wanted, None if wanted is None else self.gives(wanted)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the fields: what `check` finds, and numbers that are not finite."""
        return (*self.check(), *self._not_finite())

    def _not_finite(self) -> Iterator[Problem]:
        for field_name in self.__dataclass_fields__:
            value = getattr(self, field_name)
            if value is None or isinstance(value, (int, float, str, tuple)):
                continue
            arrays = value.items() if isinstance(value, Mapping) else ((field_name, value),)
            for name, array in arrays:
                if isinstance(array, np.ndarray) and not np.isfinite(array).all():
                    index = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
                    where = f" at index {index}" if index else ""
                    yield name, f"holds {array[index]}{where}, every number must be finite"


@dataclass(frozen=True, eq=False)
class Boundary(Op):
    """An end of the graph."""

    shape: Shape | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", shape_of(self.shape))

    def wants(self) -> Shape | None:
        """The declared shape."""
        return self.shape

    def shaped(self, shape: Shape) -> Self:
        """The same boundary with the shape declared."""
        return self if shape == self.shape else replace(self, shape=shape)

    def check(self) -> Iterator[Problem]:
        """Sizes are positive."""
        if self.shape is not None and any(size < 1 for size in self.shape):
            yield "shape", f"is {self.shape}, sizes must be positive"


@dataclass(frozen=True, eq=False)
class Input(Boundary):
    """Where data come in.

    Attributes:
        shape: shape of one tick's data; None until inferred.
    """


@dataclass(frozen=True, eq=False)
class Output(Boundary):
    """What is read.

    Attributes:
        shape: shape of one tick's result; None until inferred.
    """

    def emits(self) -> Signal | None:
        """What comes in."""
        return None


@dataclass(frozen=True, eq=False)
class LinearOp(Op):
    """An operation y = A x + c."""

    elementwise: ClassVar[bool] = False

    def linear(self, x: Array) -> Array:
        """A x for every row of a batch (batch, *input shape)."""
        raise NotImplementedError

    def offset(self) -> Array | None:
        """The constant c, broadcastable to the output shape, or None for zero."""
        return None

    def apply(self, x: Array) -> Array:
        """A x + c for every row of a batch."""
        y, c = self.linear(x), self.offset()
        return y if c is None else y + c


@dataclass(frozen=True, eq=False)
class Delay(Op):
    """y(t) = x(t - delay).

    Attributes:
        delay: seconds, in the shape of the signal, or a scalar.
    """

    delay: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "delay", frozen_array(self.delay))

    def emits(self) -> Signal | None:
        """What comes in."""
        return None

    def wants(self) -> Shape | None:
        """The shape of the delays, None for a scalar."""
        return self.delay.shape or None

    def shaped(self, shape: Shape) -> Self:
        """With one delay per element."""
        return (
            self
            if shape == self.delay.shape
            else replace(self, delay=np.broadcast_to(self.delay, shape))
        )

    def check(self) -> Iterator[Problem]:
        """Not into the future."""
        if np.any(self.delay < 0):
            yield "delay", f"is negative ({self.delay.min():g} s)"


@dataclass(frozen=True, eq=False)
class Threshold(Op):
    """Heaviside step: a spike when the input exceeds the threshold, without memory.

    Attributes:
        threshold: in the shape of the signal, or a scalar.
    """

    threshold: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "threshold", frozen_array(self.threshold))

    def emits(self) -> Signal | None:
        """Spikes."""
        return "spike"

    def wants(self) -> Shape | None:
        """The shape of the thresholds, None for a scalar."""
        return self.threshold.shape or None

    def shaped(self, shape: Shape) -> Self:
        """With one threshold per element."""
        return (
            self
            if shape == self.threshold.shape
            else replace(self, threshold=np.broadcast_to(self.threshold, shape))
        )


@dataclass(frozen=True, eq=False)
class Neurons(Op):
    """A population.

    Attributes:
        kind: one of `KINDS`.
        parameters: NIR's names and units; scalars or arrays of the population's shape. Those in
            `DEFAULTS` may be missing.
        shape: shape of the population; None while every parameter is a scalar.
    """

    kind: Kind
    parameters: Mapping[str, Array]
    shape: Shape | None = field(default=None)

    def __post_init__(self) -> None:
        parameters = {name: frozen_array(value) for name, value in self.parameters.items()}
        shape = shape_of(self.shape)
        if shape is None:
            shape = next((v.shape for v in parameters.values() if v.ndim), None)
        object.__setattr__(self, "parameters", MappingProxyType(parameters))
        object.__setattr__(self, "shape", shape)

    @property
    def spiking(self) -> bool:
        """Whether the output is spikes, otherwise the membrane itself."""
        return self.kind in SPIKING

    @property
    def count(self) -> int:
        """Number of neurons; the shape must be known."""
        return int(np.prod(self.shape or ()))

    def parameter(self, name: str) -> Array:
        """A parameter in the population's shape, defaults filled in.

        Args:
            name: one that `KINDS` lists for the kind.
        """
        value = self.parameters.get(name)
        return np.broadcast_to(DEFAULTS[name] if value is None else value, self.shape or ())

    def emits(self) -> Signal | None:
        """Spikes, or the membrane of a population that never spikes."""
        return "spike" if self.spiking else "state"

    def wants(self) -> Shape | None:
        """The population's shape."""
        return self.shape

    def shaped(self, shape: Shape) -> Self:
        """With every given parameter as an array of ``shape``."""
        if shape == self.shape and all(v.shape == shape for v in self.parameters.values()):
            return self
        parameters = {k: np.broadcast_to(v, shape) for k, v in self.parameters.items()}
        return replace(self, parameters=parameters, shape=shape)

    def check(self) -> Iterator[Problem]:
        """Names, shapes and signs of the parameters."""
        if self.kind not in KINDS:
            yield "kind", f"must be one of {', '.join(KINDS)}"
            return
        names = KINDS[self.kind]
        for name in self.parameters:
            if name not in names:
                yield name, f"is not a parameter of {self.kind}, which has {', '.join(names)}"
        for name in names:
            if name not in self.parameters:
                if name not in DEFAULTS:
                    yield name, f"is missing from a {self.kind} population"
                continue
            value = self.parameters[name]
            if value.ndim and value.shape != self.shape:
                yield name, f"has shape {value.shape}, the population has {self.shape}"
            if name.startswith("tau") and not np.all(value > 0):
                yield name, f"must be positive, not {value.min():g}"


@dataclass(frozen=True, eq=False)
class Projection(LinearOp):
    """Dense weights of the normal form, with a delay.

    Attributes:
        weight: (n_target, n_source).
        bias: (n_target,) or None; a constant in every tick, whatever the delay.
        delay: ticks.
    """

    weight: Array
    bias: Array | None = None
    delay: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", frozen_array(self.weight))
        if self.bias is not None:
            object.__setattr__(self, "bias", frozen_array(self.bias))
        object.__setattr__(self, "delay", int(self.delay))

    def wants(self) -> Shape | None:
        """(n_source,)."""
        return self.weight.shape[1:]

    def gives(self, shape: Shape) -> Shape:
        """(n_target,)."""
        return self.weight.shape[:1]

    def linear(self, x: Array) -> Array:
        """The product, without the delay."""
        return np.asarray(x @ self.weight.T)

    def offset(self) -> Array | None:
        """The bias."""
        return self.bias

    def check(self) -> Iterator[Problem]:
        """A matrix, a vector and a tick."""
        if self.weight.ndim != 2:
            yield "weight", "must have two axes (n_target, n_source)"
        elif self.bias is not None and self.bias.shape != self.weight.shape[:1]:
            yield "bias", f"has shape {self.bias.shape}, not {self.weight.shape[:1]}"
        if self.delay < 0:
            yield "delay", f"is negative ({self.delay} ticks)"


@dataclass(frozen=True, eq=False)
class Subgraph(Op):
    """A graph as a node; its ports are the inner graph's Input and Output nodes.

    Attributes:
        graph: the inner graph.
    """

    graph: Graph

    elementwise: ClassVar[bool] = False

    def ports(self, role: type[Boundary]) -> tuple[str, ...]:
        """Names of the inner nodes of one role, `Input` or `Output`."""
        return self._ports[role]

    @cached_property
    def _ports(self) -> Mapping[type[Boundary], tuple[str, ...]]:
        return {
            role: tuple(node.id for node in self.graph.nodes_of(role)) for role in (Input, Output)
        }
