"""Write the interoperability files of this folder with the libraries themselves.

Each library builds a small network with fixed random weights, exports it to NIR with its own
exporter, runs it on a fixed random input, and the input and its own output spikes go beside the
file. Needs torch, nirtorch, snntorch, norse, spikingjelly and sinabs: they are not dependencies of
the project, the files are committed. Run: ``python tests/nir_bridge/files/make.py [library ...]``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nir
import numpy as np
import torch

HERE = Path(__file__).parent
TICKS = 40


def save(name: str, graph: Any, inputs: torch.Tensor, outputs: list[torch.Tensor]) -> None:
    """Keep what the library wrote and what it computed, samples first, then ticks."""
    nir.write(HERE / f"{name}.nir", graph)
    spikes = torch.stack(outputs, dim=1).detach().numpy().astype(np.int8)
    kept = inputs.detach().numpy().astype(np.float32)
    np.savez_compressed(HERE / f"{name}.npz", inputs=kept, spikes=spikes)
    print(f"{name}: {spikes.shape}, mean rate {spikes.mean():.3f}")


def data(*shape: int) -> torch.Tensor:
    """Random spikes of 3 samples."""
    return (torch.rand(3, TICKS, *shape) < 0.4).float()


def widen(net: torch.nn.Module, factor: float) -> None:
    """Make the random weights large enough for spikes."""
    with torch.no_grad():
        for name, value in net.named_parameters():
            if name.endswith("weight"):
                value.mul_(factor)


def snntorch() -> Iterator[None]:
    import snntorch as snn
    from snntorch.export_nir import export_to_nir

    def leaky(size: int, **kind: Any) -> torch.nn.Module:
        beta = torch.linspace(0.8, 0.95, size)
        return snn.Leaky(beta=beta, threshold=torch.ones(size), init_hidden=True, **kind)

    def synaptic(size: int, **kind: Any) -> torch.nn.Module:
        alpha, beta = torch.linspace(0.6, 0.8, size), torch.linspace(0.8, 0.9, size)
        one = torch.ones(size)
        return snn.Synaptic(alpha=alpha, beta=beta, threshold=one, init_hidden=True, **kind)

    def recurrent(size: int, **kind: Any) -> torch.nn.Module:
        beta = torch.linspace(0.8, 0.95, size)
        one = torch.ones(size)
        return snn.RLeaky(beta=beta, linear_features=size, threshold=one, init_hidden=True, **kind)

    for name, cell in (("leaky", leaky), ("synaptic", synaptic), ("rleaky", recurrent)):
        torch.manual_seed(1)
        net = torch.nn.Sequential(
            torch.nn.Linear(8, 16), cell(16), torch.nn.Linear(16, 4), leaky(4, output=True)
        )
        widen(net, 1.5)
        inputs = data(8)
        graph = export_to_nir(net, inputs[:1, 0], ignore_dims=[0])
        for module in net:
            if hasattr(module, "reset_mem"):
                module.reset_mem()
        with torch.no_grad():
            spikes = [net(inputs[:, t])[0] for t in range(TICKS)]
        save(f"snntorch_{name}", graph, inputs, spikes)
        yield


def norse() -> Iterator[None]:
    import norse.torch as norse_torch
    from norse.torch.functional.lif_box import LIFBoxParameters
    from norse.torch.utils.export_nir import to_nir

    torch.manual_seed(2)
    one = torch.ones

    def cell(size: int) -> torch.nn.Module:
        parameters = LIFBoxParameters(
            tau_mem_inv=torch.linspace(100.0, 300.0, size),
            # Norse starts at v_leak, we at 0: the file does not say.
            v_leak=0 * one(size),
            v_th=0.2 * one(size),
            v_reset=0 * one(size),
        )
        return norse_torch.LIFBoxCell(p=parameters)

    net = norse_torch.SequentialState(
        torch.nn.Linear(8, 16), cell(16), torch.nn.Linear(16, 4), cell(4)
    )
    widen(net, 3.0)
    inputs = data(8)
    graph = to_nir(net, inputs[0, 0])
    state, spikes = None, []
    with torch.no_grad():
        for t in range(TICKS):
            out, state = net(inputs[:, t], state)
            spikes.append(out)
    save("norse_lifbox", graph, inputs, spikes)
    yield


def spikingjelly() -> Iterator[None]:
    from spikingjelly.activation_based import functional, layer, neuron
    from spikingjelly.activation_based.nir_exchange import export_to_nir

    torch.manual_seed(3)
    net = torch.nn.Sequential(
        layer.Conv2d(1, 4, 3, padding=1),
        neuron.IFNode(v_threshold=1.0, v_reset=0.0),
        layer.AvgPool2d(2, 2),
        layer.Flatten(),
        layer.Linear(16, 8),
        neuron.LIFNode(tau=2.0, v_threshold=0.5, v_reset=0.0),
        layer.Linear(8, 4, bias=False),
        neuron.LIFNode(tau=3.0, decay_input=False, v_threshold=0.7, v_reset=0.0),
    )
    widen(net, 6.0)
    inputs = data(1, 4, 4)
    graph = export_to_nir(net, inputs[:, 0])
    functional.reset_net(net)
    with torch.no_grad():
        spikes = [net(inputs[:, t]) for t in range(TICKS)]
    save("spikingjelly_conv", graph, inputs, spikes)
    yield


def sinabs() -> Iterator[None]:
    import sinabs.activation
    import sinabs.layers as layers
    from sinabs.nir import to_nir

    torch.manual_seed(4)

    def cell() -> torch.nn.Module:
        single = sinabs.activation.SingleSpike
        return layers.IAFSqueeze(batch_size=3, min_v_mem=None, spike_fn=single)

    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, stride=1, padding=1, bias=False),
        cell(),
        layers.SumPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(16, 4, bias=False),
        cell(),
    )
    widen(net, 0.8)
    inputs = data(1, 4, 4)
    with torch.no_grad():
        out = net(inputs.reshape(-1, 1, 4, 4)).reshape(3, TICKS, 4)
        graph = to_nir(net, inputs[:, 0])
    # Its exporter leaves shapes out that nir cannot write.
    graph.infer_types()
    save("sinabs_iaf", graph, inputs, list(out.unbind(1)))
    yield


LIBRARIES: dict[str, Callable[[], Iterator[None]]] = {
    "snntorch": snntorch,
    "norse": norse,
    "spikingjelly": spikingjelly,
    "sinabs": sinabs,
}

if __name__ == "__main__":
    for library in sys.argv[1:] or LIBRARIES:
        list(LIBRARIES[library]())
