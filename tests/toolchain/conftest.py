"""One evidence store for the whole session, so that workers share what they have compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from sc_neurocore.evidence import EvidenceStore


@pytest.fixture
def fresh_store(tmp_path: Path) -> EvidenceStore:
    return EvidenceStore(tmp_path / "evidence.sqlite")


LIF = """\
module lif (
  input wire clk,
  input wire rst_n,
  input wire enable,
  input wire signed [15:0] current,
  output reg spike,
  output wire signed [15:0] voltage
);
  localparam signed [15:0] REST = -16640, THRESHOLD = -12800;
  reg signed [15:0] v;
  reg [4:0] wait_left;
  assign voltage = v;
  wire signed [15:0] above_rest = v - REST;
  wire signed [16:0] drive = current - above_rest;
  wire signed [18:0] times3 = (drive <<< 1) + drive;
  wire signed [19:0] times5 = (drive <<< 2) + drive;
  wire signed [24:0] times163 = (times5 <<< 5) + times3;
  wire signed [15:0] next = v + $signed(times163[24:14]);
  wire waiting = |wait_left;
  wire fire = (next > THRESHOLD) & ~waiting;
  always @(posedge clk)
    if (!rst_n) begin
      v <= REST;
      spike <= 1'b0;
      wait_left <= 5'd0;
    end else if (enable) begin
      spike <= fire;
      if (fire) wait_left <= 5'd20;
      else if (waiting) wait_left <= wait_left - 5'd1;
      if (fire) v <= REST;
      else if (!waiting) v <= next;
    end
endmodule
"""


@pytest.fixture(scope="session")
def lif() -> dict[str, str]:
    """A 16-bit leaky integrate-and-fire neuron, top ``lif``."""
    return {"lif.v": LIF}
