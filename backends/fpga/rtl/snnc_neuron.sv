// What one neuron does in one step (snnc's docs/numerics.md, "Neurons"), without registers: the core
// puts these three parts into stages of its pipeline. All numbers are in two's complement.

// value * keep / 4096, rounded towards zero. keep: 0 to 4096.
module snnc_decay #(
    parameter WIDTH = 24
) (
    input  wire [WIDTH-1:0] value,
    input  wire [12:0]      keep,
    output wire [WIDTH-1:0] kept
);
    wire             negative  = value[WIDTH-1];
    wire [WIDTH-1:0] magnitude = negative ? -value : value;
    wire [WIDTH+12:0] product  = {13'b0, magnitude} * {{WIDTH{1'b0}}, keep};
    wire [WIDTH-1:0] less      = product[WIDTH+11:12];
    assign kept = negative ? -less : less;
endmodule

// Steps 2 and 3 up to the sum: the current of this step, and what is left of the potential.
module snnc_current #(
    parameter ARRIVED = 16,         // bits of what arrived
    parameter CURRENT = 24,         // bits of the current
    parameter POTENTIAL = 24,       // bits of the potential
    parameter CURRENT_DECAYS = 1,   // some neurons keep a part of their current
    parameter POTENTIAL_DECAYS = 1, // some neurons leak
    parameter WRAPS = 1             // a current may leave its register: CURRENT is 32 then
) (
    input  wire [ARRIVED-1:0]   arrived,
    input  wire [5:0]           shift,     // to the left, into the units of the potential
    input  wire [CURRENT-1:0]   current,
    input  wire [12:0]          keep_current,
    input  wire [POTENTIAL-1:0] potential,
    input  wire [12:0]          keep_potential,
    input  wire [5:0]           bits,      // of the register, sign included
    output wire [CURRENT-1:0]   next_current,
    output wire [POTENTIAL-1:0] left       // of the potential
);
    localparam WIDE = ARRIVED > CURRENT ? ARRIVED : CURRENT;
    wire signed [ARRIVED-1:0] number = arrived;
    wire signed [WIDE-1:0] extended = number;
    wire [WIDE-1:0] shifted = $unsigned(extended) << shift;

    wire [CURRENT-1:0] lasting;
    wire [CURRENT-1:0] sum = lasting + shifted[CURRENT-1:0];
    generate
        if (CURRENT_DECAYS != 0) begin : decaying_current
            snnc_decay #(.WIDTH(CURRENT)) decay (.value(current), .keep(keep_current), .kept(lasting));
        end else begin : fleeting_current
            assign lasting = {CURRENT{1'b0}};
        end
        if (POTENTIAL_DECAYS != 0) begin : leaking
            snnc_decay #(.WIDTH(POTENTIAL)) decay (.value(potential), .keep(keep_potential), .kept(left));
        end else begin : lasting_potential
            assign left = potential;
        end
        if (WRAPS != 0) begin : wrapping
            // Once, and off by one at the top: 2^(bits-1) stays. As Lava does it.
            wire [CURRENT:0] limit = {{CURRENT{1'b0}}, 1'b1} << (bits - 6'd1);
            wire [CURRENT:0] value = {sum[CURRENT-1], sum};
            wire above = $signed(value) > $signed(limit);
            wire below = $signed(value) <= -$signed(limit);
            wire [CURRENT:0] period = {limit[CURRENT-1:0], 1'b0};
            wire [CURRENT:0] wrapped = above ? value - period : below ? value + period : value;
            assign next_current = wrapped[CURRENT-1:0];
        end else begin : proved
            assign next_current = sum;
        end
    endgenerate
endmodule

// The rest of step 3: the sum, saturated where it may leave the register.
module snnc_potential #(
    parameter CURRENT = 24,
    parameter POTENTIAL = 24,
    parameter SUM = 32,             // bits of the sum and of the bias
    parameter SATURATES = 1         // a potential may leave its register: SUM is 32 then
) (
    input  wire [POTENTIAL-1:0] left,
    input  wire [CURRENT-1:0]   current,
    input  wire [SUM-1:0]       bias,
    input  wire [5:0]           bits,
    output wire [POTENTIAL-1:0] potential
);
    localparam WIDE = CURRENT > SUM ? CURRENT : SUM;
    localparam MORE = POTENTIAL > SUM ? POTENTIAL : SUM;
    wire signed [CURRENT-1:0] given = current;
    wire signed [POTENTIAL-1:0] kept = left;
    wire signed [WIDE-1:0] first = given;
    wire signed [MORE-1:0] second = kept;
    wire [SUM-1:0] sum = first[SUM-1:0] + second[SUM-1:0] + bias;
    generate
        if (SATURATES != 0) begin : saturating
            wire [SUM:0] most = ({{SUM{1'b0}}, 1'b1} << (bits - 6'd1)) - 1'b1;
            wire [SUM:0] value = {sum[SUM-1], sum};
            wire [SUM:0] least = -most;
            wire [SUM:0] held = $signed(value) > $signed(most) ? most
                              : $signed(value) < $signed(least) ? least : value;
            assign potential = held[POTENTIAL-1:0];
        end else begin : proved
            assign potential = sum[POTENTIAL-1:0];
        end
    endgenerate
endmodule

// Steps 4 and 5 of the code rate. The threshold is below the potential's largest number, or clipped to
// one that is never exceeded.
module snnc_fire #(
    parameter POTENTIAL = 24
) (
    input  wire [POTENTIAL-1:0] potential,
    input  wire [POTENTIAL-2:0] threshold,
    input  wire                 strict,    // fires above the threshold, not at it
    input  wire                 subtracts, // else the reset is to 0
    output wire                 fires,
    output wire [POTENTIAL-1:0] kept
);
    wire [POTENTIAL-1:0] theta = {1'b0, threshold};
    assign fires = strict ? $signed(potential) > $signed(theta) : $signed(potential) >= $signed(theta);
    assign kept = !fires ? potential : subtracts ? potential - theta : {POTENTIAL{1'b0}};
endmodule

// How many thresholds are in a potential, 0 to levels: the exact codes. One bit a cycle.
module snnc_level #(
    parameter POTENTIAL = 24,
    parameter LEVEL = 4             // bits of levels
) (
    input  wire                 clk,
    input  wire                 start,     // high until done is seen
    input  wire [POTENTIAL-1:0] potential,
    input  wire [POTENTIAL-2:0] threshold,
    input  wire [LEVEL-1:0]     levels,
    output wire                 done,
    output wire [LEVEL-1:0]     level
);
    localparam WIDE = POTENTIAL + LEVEL;
    reg running = 1'b0, finished = 1'b0, over;
    reg [POTENTIAL-2:0] rest;
    reg [WIDE-2:0] part;            // threshold * 2^bit
    reg [LEVEL-1:0] found;
    reg [$clog2(LEVEL+2)-1:0] bits_left;
    wire fits = {{LEVEL{1'b0}}, rest} >= part;
    wire [WIDE-2:0] less = {{LEVEL{1'b0}}, rest} - part;

    always @(posedge clk) begin
        if (!start || finished) begin
            running <= 1'b0;
            finished <= 1'b0;
        end else if (!running) begin
            running <= 1'b1;
            rest <= potential[POTENTIAL-1] ? {(POTENTIAL-1){1'b0}} : potential[POTENTIAL-2:0];
            part <= {threshold, {LEVEL{1'b0}}};
            found <= {LEVEL{1'b0}};
            over <= 1'b0;
            bits_left <= LEVEL[$clog2(LEVEL+2)-1:0];
        end else begin
            part <= part >> 1;
            bits_left <= bits_left - 1'b1;
            if (bits_left == LEVEL[$clog2(LEVEL+2)-1:0]) over <= fits;
            else begin
                found <= {found[LEVEL-1:0], fits};
                if (fits) rest <= less[POTENTIAL-2:0];
            end
            if (bits_left == 0) finished <= 1'b1;
        end
    end
    assign done = finished;
    assign level = over || found > levels ? levels : found;
endmodule
