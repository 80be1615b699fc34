// A step of the neurons of one population, one a cycle, in five stages: read, select, current, potential,
// fire. Where thresholds are counted the last stage takes a cycle for each bit of the count, and all wait.

module snnc_update #(
    parameter FOLDER = "",
    parameter STATES = 2, CONSTANTS = 2,
    parameter NEURON = 4, PAYLOAD = 1, SUM = 16,
    parameter CURRENT = 24, POTENTIAL = 24, TOTAL = 24, BIAS = 1, LEVEL = 1,
    parameter CURRENT_DECAYS = 0, POTENTIAL_DECAYS = 0, WRAPS = 0, SATURATES = 0, EXACT = 0, WAITS = 0,
    parameter W_STATES = $clog2(STATES), W_CONSTANTS = $clog2(CONSTANTS)
) (
    input  wire                   clk,
    input  wire                   rst,
    // The population
    input  wire [W_STATES-1:0]    p_states,
    input  wire [W_CONSTANTS-1:0] p_constants,
    input  wire [NEURON-1:0]      p_last, p_share,
    input  wire                   p_readout, p_strict, p_subtracts, p_exact, p_waits,
    input  wire [5:0]             p_bits, p_shift,
    input  wire [12:0]            p_keep_current, p_keep_potential,
    input  wire [LEVEL-1:0]       p_levels,
    input  wire                   clears, biased, decides,
    // Control: point at the first neuron; then a neuron a cycle while `go`, or start values one by one
    input  wire                   point,
    input  wire                   go,
    input  wire                   begin_read, begin_write,
    output wire                   at_last,      // the neuron that is pointed at is the last one
    output wire                   idle,
    // What arrived: asked for one cycle before
    output wire                   read,
    output reg  [NEURON-1:0]      neuron,
    input  wire [SUM-1:0]         sum,
    output wire                   clear,
    output reg  [NEURON-1:0]      clear_neuron,
    // The last stage
    input  wire                   blocked,      // it has to wait
    output wire                   ready,        // a neuron could leave
    output wire                   leaves,
    output reg  [NEURON-1:0]      number,
    output wire                   sends,
    output wire [PAYLOAD-1:0]     spike,
    output wire [POTENTIAL-1:0]   keeps
);
    localparam STORED_CURRENT = CURRENT_DECAYS != 0 ? CURRENT : 0;
    localparam STORED_WAITING = WAITS != 0 ? LEVEL : 0;
    localparam STATE_WORD = POTENTIAL + STORED_CURRENT + STORED_WAITING;
    localparam WHOLE = POTENTIAL + CURRENT + LEVEL;
    localparam CONSTANT_WORD = POTENTIAL + BIAS + POTENTIAL - 1;

    reg issuing = 1'b0;
    reg [NEURON-1:0] share;
    reg [W_STATES-1:0] state_at;
    reg [W_CONSTANTS-1:0] constant_at;
    reg v1 = 1'b0, v2 = 1'b0, v3 = 1'b0, v4 = 1'b0;
    reg [NEURON-1:0] n2, n3;
    reg [W_STATES-1:0] at1, at2, at3, at4;
    wire advances = !(v4 && (blocked || !ready));
    assign read = go && issuing && advances;
    assign at_last = neuron == p_last;
    assign idle = !issuing && !v1 && !v2 && !v3 && !v4;
    assign clear = v1 && advances;

    wire next = read || begin_write;
    always @(posedge clk) begin
        if (point) begin
            issuing <= 1'b1;
            neuron <= {NEURON{1'b0}};
            share <= {NEURON{1'b0}};
            state_at <= p_states;
            constant_at <= p_constants;
        end else if (next) begin
            if (at_last) issuing <= 1'b0;
            neuron <= neuron + 1'b1;
            state_at <= state_at + 1'b1;
            share <= share == p_share ? {NEURON{1'b0}} : share + 1'b1;
            if (share == p_share) constant_at <= constant_at + 1'b1;
        end
    end

    wire [STATE_WORD-1:0] kept_word;
    wire [WHOLE-1:0] kept = kept_word;
    wire [WHOLE-1:0] given;
    wire [W_STATES-1:0] state_to = begin_write ? state_at : at4;
    snnc_memory #(.WIDTH(STATE_WORD), .DEPTH(STATES)) states (
        .clk(clk), .read(read), .read_address(state_at), .read_data(kept_word),
        .write(leaves || begin_write), .write_address(state_to), .write_data(given[STATE_WORD-1:0]));

    wire [CONSTANT_WORD-1:0] constant;
    snnc_memory #(.WIDTH(CONSTANT_WORD), .DEPTH(CONSTANTS), .FILE({FOLDER, "constants.hex"})) constants (
        .clk(clk), .read(read || begin_read), .read_address(constant_at), .read_data(constant),
        .write(1'b0), .write_address({W_CONSTANTS{1'b0}}), .write_data({CONSTANT_WORD{1'b0}}));
    wire [POTENTIAL-1:0] start_value = constant[CONSTANT_WORD-1 -: POTENTIAL];
    wire signed [BIAS-1:0] bias_value = constant[POTENTIAL-1 +: BIAS];
    wire signed [TOTAL-1:0] bias_extended = bias_value;
    wire [POTENTIAL-2:0] threshold_value = constant[POTENTIAL-2:0];

    reg [SUM-1:0] arrived2;
    reg [POTENTIAL-1:0] potential2, left3, potential4;
    reg [CURRENT-1:0] current2, current3, current4;
    reg [LEVEL-1:0] waiting2, waiting3, waiting4;
    reg [TOTAL-1:0] bias2, bias3;
    reg [POTENTIAL-2:0] threshold2, threshold3, threshold4;

    wire [CURRENT-1:0] next_current;
    wire [POTENTIAL-1:0] left, next_potential;
    snnc_current #(.ARRIVED(SUM), .CURRENT(CURRENT), .POTENTIAL(POTENTIAL),
        .CURRENT_DECAYS(CURRENT_DECAYS), .POTENTIAL_DECAYS(POTENTIAL_DECAYS), .WRAPS(WRAPS)) stage_current (
        .arrived(arrived2), .shift(p_shift), .current(current2), .keep_current(p_keep_current),
        .potential(potential2), .keep_potential(p_keep_potential), .bits(p_bits),
        .next_current(next_current), .left(left));
    snnc_potential #(.CURRENT(CURRENT), .POTENTIAL(POTENTIAL), .SUM(TOTAL), .SATURATES(SATURATES)) stage_potential (
        .left(left3), .current(current3), .bias(bias3), .bits(p_bits), .potential(next_potential));
    wire fires;
    wire [POTENTIAL-1:0] after_reset;
    snnc_fire #(.POTENTIAL(POTENTIAL)) stage_fire (
        .potential(potential4), .threshold(threshold4), .strict(p_strict), .subtracts(p_subtracts),
        .fires(fires), .kept(after_reset));

    wire counts = EXACT != 0 && v4 && p_exact && decides;
    wire counted;
    wire [LEVEL-1:0] level;
    generate
        if (EXACT != 0) begin : exact
            snnc_level #(.POTENTIAL(POTENTIAL), .LEVEL(LEVEL)) stage_level (
                .clk(clk), .start(counts), .potential(potential4), .threshold(threshold4),
                .levels(p_levels), .done(counted), .level(level));
        end else begin : rate
            assign counted = 1'b1;
            assign level = {LEVEL{1'b0}};
        end
    endgenerate
    assign ready = v4 && (!counts || counted);
    assign leaves = v4 && advances;

    // What the neuron in the last stage sends and keeps. Of the code frame: one spike a step, as long as
    // there are any left; what the last frame has left is dropped when the next is decided.
    wire resets = !p_readout && !p_exact;
    wire [LEVEL-1:0] due = decides ? level : waiting4;
    wire [LEVEL-1:0] waits = due == 0 ? due : due - 1'b1;
    wire [PAYLOAD-1:0] as_payload = level;
    wire sends_level = EXACT != 0 && p_exact && !p_waits && decides && level != 0;
    wire sends_one = p_exact ? p_waits && due != 0 : resets && fires;
    assign sends = sends_one || sends_level;
    assign spike = sends_level ? as_payload : sends_one;
    assign keeps = resets ? after_reset : potential4;

    wire [POTENTIAL-1:0] potential_given = begin_write ? start_value : keeps;
    wire [CURRENT-1:0] current_given = begin_write ? {CURRENT{1'b0}} : current4;
    wire [LEVEL-1:0] waiting_given = begin_write || !p_waits ? {LEVEL{1'b0}} : waits;
    generate
        if (CURRENT_DECAYS != 0) assign given = {waiting_given, current_given, potential_given};
        else assign given = {{CURRENT{1'b0}}, waiting_given, potential_given};
    endgenerate

    always @(posedge clk) if (rst) {v1, v2, v3, v4} <= 4'b0;
    else if (advances) begin
        {v1, v2, v3, v4} <= {read, v1, v2, v3};
        clear_neuron <= neuron;
        n2 <= clear_neuron;
        n3 <= n2;
        number <= n3;
        {at1, at2, at3, at4} <= {state_at, at1, at2, at3};
        arrived2 <= sum;
        potential2 <= clears ? start_value : kept[POTENTIAL-1:0];
        current2 <= clears || CURRENT_DECAYS == 0 ? {CURRENT{1'b0}} : kept[POTENTIAL +: CURRENT];
        waiting2 <= WAITS != 0 ? kept[POTENTIAL + STORED_CURRENT +: LEVEL] : {LEVEL{1'b0}};
        bias2 <= biased ? bias_extended : {TOTAL{1'b0}};
        threshold2 <= threshold_value;
        left3 <= left;
        current3 <= next_current;
        waiting3 <= waiting2;
        bias3 <= bias2;
        threshold3 <= threshold2;
        potential4 <= next_potential;
        current4 <= current3;
        waiting4 <= waiting3;
        threshold4 <= threshold3;
    end
endmodule
