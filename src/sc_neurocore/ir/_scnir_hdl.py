"""The source modules of a document, its hierarchy, and the top module that holds them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sc_neurocore.bitstream import Lfsr, Sobol
from sc_neurocore.exceptions import SCCompilerError
from sc_neurocore.ir._scnir_correlation import require_scnir_correlations
from sc_neurocore.ir._scnir_document import SCNIRDocument, SCNIRStream
from sc_neurocore.ir._scnir_json import scnir_to_dict

if TYPE_CHECKING:
    from sc_neurocore.hdl.blocks import Block

#: The module that holds all sources.
SCNIR_TOP = "scnir_top"
#: Kinds of sources that are emitted.
EMITTED_KINDS = ("lfsr", "sobol")


@dataclass(frozen=True)
class SCNIRHDLSourceManifestEntry:
    """One emitted source module.

    Attributes:
        index: place of the stream in the document.
        stream: its id.
        signal_kind: of the stream.
        encoding: of the stream.
        bitstream_length: clocks after which the source restarts.
        module: name of the module; its file is ``<module>.sv``.
        instance: name of the instance.
        parent: module that instantiates it: the top, or that of a hierarchy instance.
        source: text of the source, as `sc_neurocore.bitstream.source_of` reads it.
        source_kind: ``lfsr`` or ``sobol``.
        seed: state or shift that the source starts with.
        threshold_bits: width of the threshold port.
        delay_steps: of the stream.
        transforms: of the stream.
    """

    index: int
    stream: str
    signal_kind: str
    encoding: str
    bitstream_length: int
    module: str
    instance: str
    parent: str
    source: str
    source_kind: str
    seed: int
    threshold_bits: int
    delay_steps: int | list[int]
    transforms: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON-ready data."""
        return dict(vars(self))


@dataclass(frozen=True)
class SCNIRHDLSourceBundle:
    """All Verilog of a document's sources, and its manifest.

    Attributes:
        files: text by file name; library modules included.
        entries: a row per stream, in the document's order.
        localparams: those of the top module that state the document's counts.
    """

    files: Mapping[str, str]
    entries: tuple[SCNIRHDLSourceManifestEntry, ...]
    localparams: Mapping[str, int]
    top: str = SCNIR_TOP

    def manifest_dicts(self) -> list[dict[str, Any]]:
        """The rows as JSON-ready data."""
        return [entry.as_dict() for entry in self.entries]


def build_scnir_source_bundle(document: SCNIRDocument) -> SCNIRHDLSourceBundle:
    """Emit a module for every stream's source, one per hierarchy instance, and the top.

    A source module compares its numbers with a threshold of 0 to ``2^width``; its bit of clock k
    after a restart is that of `encode_thresholds` at tick k. The top restarts every source after
    ``bitstream_length`` enabled clocks, so that each stream is the one that was measured.

    Raises:
        SCNIRValidationError: the document breaks a rule.
        SCNIRCorrelationError: a correlation constraint does not hold.
        SCCompilerError: a source of a kind that has no module.
    """
    payload = scnir_to_dict(document)
    for stream in document.streams:
        if stream.source.kind not in EMITTED_KINDS:
            raise SCCompilerError(
                f"stream '{stream.id}' has a source of kind '{stream.source.kind}', for which no "
                f"module is emitted; use {' or '.join(EMITTED_KINDS)}"
            )
    from sc_neurocore.hdl import library_source

    require_scnir_correlations(document)
    entries = tuple(
        _entry(document, index, payload["streams"][index]) for index in range(len(document.streams))
    )
    files: dict[str, str] = {"sc_comparator.sv": library_source("sc_comparator.sv")}
    for stream, entry in zip(document.streams, entries, strict=True):
        block = _block(stream)
        files[block.file] = library_source(block.file)
        files[f"{entry.module}.sv"] = _source_module(block, entry)
    for instance in document.hierarchy:
        inside = [entry for entry in entries if entry.parent == instance.module]
        files[f"{instance.module}.sv"] = _instance_module(instance.module, inside, document)
    localparams = _localparams(document, entries)
    files[f"{SCNIR_TOP}.sv"] = _top_module(document, entries, localparams)
    return SCNIRHDLSourceBundle(files, entries, localparams)


def _block(stream: SCNIRStream) -> Block:
    from sc_neurocore.hdl.blocks import lfsr, sobol

    generator = stream.source.generator()
    if isinstance(generator, Sobol):
        return sobol(generator)
    assert isinstance(generator, Lfsr)
    return lfsr(generator)


def _entry(
    document: SCNIRDocument, index: int, plain: Mapping[str, Any]
) -> SCNIRHDLSourceManifestEntry:
    stream = document.streams[index]
    fragment = re.sub(r"[^A-Za-z0-9]+", "_", stream.id)[:40].strip("_")
    return SCNIRHDLSourceManifestEntry(
        index=index,
        stream=stream.id,
        signal_kind=stream.signal_kind,
        encoding=stream.encoding,
        bitstream_length=stream.bitstream_length,
        module=f"scnir_source_{index}_{fragment}",
        instance=f"source_{index}",
        parent=_parent(document, stream.id),
        source=str(stream.source.generator()),
        source_kind=stream.source.kind,
        seed=stream.source.seed or 0,
        threshold_bits=stream.source.width + 1,
        delay_steps=plain["delay_steps"],
        transforms=plain["transforms"],
    )


def _parent(document: SCNIRDocument, identity: str) -> str:
    for instance in document.hierarchy:
        for port in instance.ports:
            if port.stream == identity and port.direction == "output":
                return instance.module
    return SCNIR_TOP


def _localparams(
    document: SCNIRDocument, entries: tuple[SCNIRHDLSourceManifestEntry, ...]
) -> dict[str, int]:
    kinds = [stream.signal_kind for stream in document.streams]
    return {
        "SCNIR_STREAMS": len(entries),
        "SCNIR_SPIKING_STREAMS": kinds.count("spiking"),
        "SCNIR_ANALOGUE_STATE_STREAMS": kinds.count("analogue_state"),
        "SCNIR_WEIGHT_STREAMS": kinds.count("weight"),
        "SCNIR_TOP_SOURCES": sum(entry.parent == SCNIR_TOP for entry in entries),
        "SCNIR_HIERARCHY_SOURCES": sum(entry.parent != SCNIR_TOP for entry in entries),
        "SCNIR_HIERARCHY_INSTANCES": len(document.hierarchy),
    }


def _file(*parts: str) -> str:
    return "\n".join(
        ["`default_nettype none", "", *parts, "", "endmodule", "", "`default_nettype wire", ""]
    )


def _source_module(block: Block, entry: SCNIRHDLSourceManifestEntry) -> str:
    width = entry.threshold_bits - 1
    parameters = ", ".join(f".{name}({value})" for name, value in block.parameters.items())
    return f"// Stream {entry.stream}: {entry.source}.\n" + _file(
        f"module {entry.module} (",
        "    input  wire clk,",
        "    input  wire rst_n,    // synchronous, low resets",
        "    input  wire enable,   // low holds the state",
        "    input  wire restart,  // the next clock begins the stream again",
        f"    input  wire [{width}:0] threshold,  // 0, never, to 2**{width}, always",
        "    output wire stream",
        ");",
        "",
        f"    wire [{width - 1}:0] number;",
        f"    {block.module} #({parameters}) numbers (",
        "        .clk(clk), .rst_n(rst_n && !restart), .enable(enable), .number(number)",
        "    );",
        f"    sc_comparator #(.WIDTH({width})) comparator (",
        "        .number(number), .threshold(threshold), .stream(stream)",
        "    );",
    )


def _ports(entries: list[SCNIRHDLSourceManifestEntry], lengths: list[int]) -> list[str]:
    """Port list of a module that holds sources, its restarts included."""
    lines = ["    input  wire clk", "    input  wire rst_n", "    input  wire enable"]
    lines += [f"    input  wire restart_{length}" for length in lengths]
    for entry in entries:
        lines.append(f"    input  wire [{entry.threshold_bits - 1}:0] threshold_{entry.index}")
        lines.append(f"    output wire stream_{entry.index}")
    return [*(f"{line}," for line in lines[:-1]), lines[-1]]


def _source_instance(entry: SCNIRHDLSourceManifestEntry) -> list[str]:
    return [
        f"    {entry.module} {entry.instance} (",
        "        .clk(clk), .rst_n(rst_n), .enable(enable),",
        f"        .restart(restart_{entry.bitstream_length}),",
        f"        .threshold(threshold_{entry.index}), .stream(stream_{entry.index})",
        "    );",
    ]


def _lengths(entries: list[SCNIRHDLSourceManifestEntry]) -> list[int]:
    return sorted({entry.bitstream_length for entry in entries})


def _instance_module(
    module: str, inside: list[SCNIRHDLSourceManifestEntry], document: SCNIRDocument
) -> str:
    """A module with the sources that a hierarchy instance makes, its outputs named by its ports."""
    names = _port_names(document, module)
    text = _file(
        f"module {module} (",
        *_ports(inside, _lengths(inside)),
        ");",
        *(line for entry in inside for line in ["", *_source_instance(entry)]),
    )
    for entry in inside:
        port = names[entry.stream]
        text = re.sub(rf"\bthreshold_{entry.index}\b", f"{port}_threshold", text)
        text = re.sub(rf"\bstream_{entry.index}\b", port, text)
    return text


def _port_names(document: SCNIRDocument, module: str) -> dict[str, str]:
    return {
        port.stream: port.name
        for instance in document.hierarchy
        if instance.module == module
        for port in instance.ports
        if port.direction == "output"
    }


def _top_module(
    document: SCNIRDocument,
    entries: tuple[SCNIRHDLSourceManifestEntry, ...],
    localparams: Mapping[str, int],
) -> str:
    every = list(entries)
    lines = [f"    localparam integer {name} = {value};" for name, value in localparams.items()]
    lines += [
        "",
        "    generate",
        "        if (SCNIR_SPIKING_STREAMS + SCNIR_ANALOGUE_STATE_STREAMS + SCNIR_WEIGHT_STREAMS",
        "                != SCNIR_STREAMS",
        "            || SCNIR_TOP_SOURCES + SCNIR_HIERARCHY_SOURCES != SCNIR_STREAMS",
        "            || SCNIR_HIERARCHY_INSTANCES > SCNIR_HIERARCHY_SOURCES) begin : scnir_refused",
        "            scnir_counts_of_the_document_disagree stop ();  // no such module",
        "        end",
        "    endgenerate",
    ]
    for length in _lengths(every):
        lines += _window(length)
    for entry in every:
        if entry.parent == SCNIR_TOP:
            lines += ["", *_source_instance(entry)]
    for instance in document.hierarchy:
        inside = [entry for entry in every if entry.parent == instance.module]
        names = _port_names(document, instance.module)
        connections = [".clk(clk), .rst_n(rst_n), .enable(enable)"]
        connections += [f".restart_{length}(restart_{length})" for length in _lengths(inside)]
        for entry in inside:
            port, index = names[entry.stream], entry.index
            connections.append(f".{port}_threshold(threshold_{index}), .{port}(stream_{index})")
        lines += ["", f"    {instance.module} {instance.instance} ("]
        lines += [f"        {c}," for c in connections[:-1]]
        lines += [f"        {connections[-1]}", "    );"]
    ports = _ports(every, [])
    return _file(f"module {SCNIR_TOP} (", *ports, ");", *lines)


def _window(length: int) -> list[str]:
    """A counter of enabled clocks that restarts all sources of a stream length."""
    width = max(1, (length - 1).bit_length())
    last = f"{width}'d{length - 1}"
    return [
        "",
        f"    reg [{width - 1}:0] tick_{length};",
        f"    wire restart_{length} = enable && tick_{length} == {last};",
        "    always @(posedge clk) begin",
        f"        if (!rst_n || restart_{length}) tick_{length} <= {width}'d0;",
        f"        else if (enable) tick_{length} <= tick_{length} + {width}'d1;",
        "    end",
    ]
