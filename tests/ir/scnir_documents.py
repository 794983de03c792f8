"""Documents for the tests of SC-NIR, small by hand and large by hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from sc_neurocore.ir import (
    SCNIRCorrelationConstraint,
    SCNIRDocument,
    SCNIRHierarchyInstance,
    SCNIRHierarchyPort,
    SCNIROnlineLearning,
    SCNIRPrecision,
    SCNIRSource,
    SCNIRStream,
    SCNIRStreamTransform,
)

PRECISION = SCNIRPrecision(8, 7, True, 16)
SPIKES, WEIGHTS = "pop.input.spike", "conn.input_to_hidden.weight"


def sobol(dimension: int, seed: int = 0, width: int = 16) -> SCNIRSource:
    return SCNIRSource("sobol", width, seed, dimension)


def pair(
    first: SCNIRSource, second: SCNIRSource, *, length: int = 256, limit: float = 0.25
) -> SCNIRDocument:
    """A population and the weights that multiply its spikes."""
    return SCNIRDocument(
        "pair",
        (
            SCNIRStream(SPIKES, "spiking", "unipolar", length, PRECISION, first),
            SCNIRStream(
                WEIGHTS,
                "weight",
                "bipolar",
                length,
                PRECISION,
                second,
                correlation=(SCNIRCorrelationConstraint(SPIKES, limit),),
            ),
        ),
    )


def nested() -> SCNIRDocument:
    """A document with every kind of field in use."""
    streams = (
        SCNIRStream(SPIKES, "spiking", "unipolar", 64, PRECISION, sobol(1)),
        SCNIRStream(
            WEIGHTS,
            "weight",
            "bipolar",
            64,
            PRECISION,
            sobol(2),
            delay_steps=(0, 2, 1),
            correlation=(SCNIRCorrelationConstraint(SPIKES, 0.25),),
            online_learning=SCNIROnlineLearning("stdp", 0.01, -1.0, 1.0),
        ),
        SCNIRStream(
            "pop.hidden.spike",
            "spiking",
            "unipolar",
            128,
            PRECISION,
            SCNIRSource("lfsr", 16, 0xACE1),
            transforms=(SCNIRStreamTransform((0.5, 1.5)), SCNIRStreamTransform(2.0)),
        ),
        SCNIRStream(
            "pop.readout.state", "analogue_state", "bipolar", 128, PRECISION, sobol(3, 5, 8)
        ),
    )
    ports = (
        SCNIRHierarchyPort("spikes_in", "input", "spiking", SPIKES),
        SCNIRHierarchyPort("weights", "output", "weight", WEIGHTS),
        SCNIRHierarchyPort("spikes", "output", "spiking", "pop.hidden.spike"),
    )
    return SCNIRDocument(
        "nested", streams, (SCNIRHierarchyInstance("block/a", "block_a", "block_a_0", ports),)
    )


_SOURCES = st.one_of(
    st.builds(
        lambda width, seed: {"kind": "lfsr", "width": width, "seed": 1 + seed % (2**width - 1)},
        st.integers(3, 32),
        st.integers(0, 2**32),
    ),
    st.builds(
        lambda width, dimension, seed: {
            "kind": "sobol",
            "width": width,
            "dimension": dimension,
            "seed": seed % 2**width,
        },
        st.integers(2, 32),
        st.integers(1, 1024),
        st.integers(0, 2**32),
    ),
    st.fixed_dictionaries(
        {"kind": st.just("halton"), "width": st.integers(1, 32), "base": st.sampled_from([2, 251])}
    ),
    st.fixed_dictionaries({"kind": st.just("counter"), "width": st.integers(1, 32)}),
    st.fixed_dictionaries(
        {"kind": st.just("random"), "width": st.integers(1, 32), "seed": st.integers(0, 2**40)}
    ),
)
_NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).filter(lambda x: x != int(x))


@st.composite
def _precision(draw: st.DrawFn) -> dict[str, Any]:
    total = draw(st.integers(1, 64))
    return {
        "total_bits": total,
        "fraction_bits": draw(st.integers(0, total)),
        "signed": draw(st.booleans()),
        "accumulator_bits": total + draw(st.integers(0, 64)),
    }


@st.composite
def payloads(draw: st.DrawFn) -> dict[str, Any]:
    """Valid documents, decoded."""
    count, length = draw(st.integers(1, 4)), draw(st.integers(1, 2**32))
    streams: list[dict[str, Any]] = []
    for index in range(count):
        kind = draw(st.sampled_from(["spiking", "analogue_state", "weight"]))
        identity = {
            "spiking": f"pop.n{index}.spike",
            "analogue_state": f"pop.n{index}.state",
            "weight": f"conn.a_to_n{index}.weight",
        }[kind]
        weight = kind == "weight"
        delay = st.integers(0, 9)
        partners = draw(st.lists(st.sampled_from(range(index)), unique=True)) if index else []
        streams.append(
            {
                "id": identity,
                "signal_kind": kind,
                "encoding": draw(st.sampled_from(["unipolar", "bipolar"])),
                "bitstream_length": length,
                "precision": draw(_precision()),
                "source": draw(_SOURCES),
                "delay_steps": draw(
                    st.one_of(delay, st.lists(delay, min_size=1)) if weight else delay
                ),
                "transforms": [
                    {"kind": "threshold", "threshold": threshold}
                    for threshold in draw(
                        st.lists(st.one_of(_NUMBERS, st.lists(_NUMBERS, min_size=1)), max_size=2)
                    )
                ],
                "correlation": [
                    {"stream": streams[i]["id"], "max_abs_scc": draw(st.floats(0, 1))}
                    for i in partners
                ],
                "online_learning": draw(
                    st.sampled_from(
                        [
                            None,
                            {
                                "rule": "stdp",
                                "learning_rate": 0.25,
                                "weight_min": -0.5,
                                "weight_max": 0.5,
                            },
                        ]
                    )
                )
                if weight
                else None,
            }
        )
    hierarchy = []
    if draw(st.booleans()):
        ports = [
            {
                "name": f"p{i}",
                "direction": "output" if i == 0 else draw(st.sampled_from(["input", "output"])),
                "signal_kind": stream["signal_kind"],
                "stream": stream["id"],
            }
            for i, stream in enumerate(streams)
        ]
        hierarchy = [
            {"id": "outer/inner", "module": "inner", "instance": "inner_0", "ports": ports}
        ]
    return {"version": "v0.7", "name": "drawn", "streams": streams, "hierarchy": hierarchy}
