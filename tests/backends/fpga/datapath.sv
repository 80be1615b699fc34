// The parts of a neuron's step in one piece, without the registers between them: what test_datapath.py proves.

module datapath #(
    parameter ARRIVED = 8, CURRENT = 8, POTENTIAL = 8, TOTAL = 8,
    parameter CURRENT_DECAYS = 0, POTENTIAL_DECAYS = 0, WRAPS = 0, SATURATES = 0
) (
    input  wire [ARRIVED-1:0]   arrived,
    input  wire [5:0]           shift,
    input  wire [CURRENT-1:0]   current,
    input  wire [12:0]          keep_current,
    input  wire [POTENTIAL-1:0] potential,
    input  wire [12:0]          keep_potential,
    input  wire [5:0]           bits,
    input  wire [TOTAL-1:0]     bias,
    input  wire [POTENTIAL-2:0] threshold,
    input  wire                 strict, subtracts,
    output wire [CURRENT-1:0]   next_current,
    output wire [POTENTIAL-1:0] integrated,
    output wire                 fires,
    output wire [POTENTIAL-1:0] kept
);
    wire [POTENTIAL-1:0] left;
    snnc_current #(.ARRIVED(ARRIVED), .CURRENT(CURRENT), .POTENTIAL(POTENTIAL), .CURRENT_DECAYS(CURRENT_DECAYS),
        .POTENTIAL_DECAYS(POTENTIAL_DECAYS), .WRAPS(WRAPS)) first (
        .arrived(arrived), .shift(shift), .current(current), .keep_current(keep_current), .potential(potential),
        .keep_potential(keep_potential), .bits(bits), .next_current(next_current), .left(left));
    snnc_potential #(.CURRENT(CURRENT), .POTENTIAL(POTENTIAL), .SUM(TOTAL), .SATURATES(SATURATES)) second (
        .left(left), .current(next_current), .bias(bias), .bits(bits), .potential(integrated));
    snnc_fire #(.POTENTIAL(POTENTIAL)) third (
        .potential(integrated), .threshold(threshold), .strict(strict), .subtracts(subtracts),
        .fires(fires), .kept(kept));
endmodule
