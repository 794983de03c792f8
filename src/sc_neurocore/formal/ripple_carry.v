// Carries as a plain chain, like those of the devices: equal nets are then easy to find.
module \$lcu (P, G, CI, CO);
    parameter WIDTH = 2;
    (* force_downto *) input [WIDTH-1:0] P, G;
    input CI;
    (* force_downto *) output [WIDTH-1:0] CO;
    assign CO = G | (P & {CO, CI});
endmodule
