// What arrives at the neurons of one population in one step: weights, times payloads where spikes carry
// any, added up in memories. LANES connections a cycle, three stages: weight, product, sum.
//
// A lane has a memory of sums of its own, so that lanes never wait for each other: a neuron's sum is that of
// its words in all lanes, which are added when it is asked for. Of a run of connections the first goes to
// lane 0, the next one to lane 1, and so on; in the run's last cycle lanes above `lanes` have none.

module snnc_sums #(
    parameter FOLDER = "",
    parameter LANES = 1,
    parameter WEIGHTS = 2, SUMS = 2,
    parameter NEURON = 4, WEIGHT = 8, PAYLOAD = 1, PRODUCT = 8, SUM = 16,
    parameter PARTS = 0,            // sums that are rounded down one by one, in the memories' upper half
    parameter W_WEIGHTS = $clog2(WEIGHTS), W_SUMS = $clog2(SUMS),
    parameter W_LANES = LANES > 1 ? $clog2(LANES) : 1
) (
    input  wire                 clk,
    // As many connections as there are lanes: a word of weights, and the first one's target
    input  wire                 run,
    input  wire                 run_ends,     // only lanes 0 to `lanes` have one
    input  wire [W_LANES-1:0]   lanes,
    input  wire [W_WEIGHTS-1:0] run_weight,
    input  wire [NEURON-1:0]    run_target,
    input  wire [NEURON-1:0]    stride,       // between two targets; steady for some cycles before `run`
    input  wire [PAYLOAD-1:0]   payload,
    input  wire                 carries,      // the payload counts, not only that there is a spike
    input  wire                 upper,        // to be rounded by itself
    output wire                 busy,
    // A part that is rounded, for one neuron: read, get, add, clear in this order
    input  wire                 part_read, part_get, part_add, part_clear,
    input  wire [5:0]           right,
    // A sum for the update, one cycle later; and zeros
    input  wire                 read,
    input  wire [NEURON-1:0]    neuron,
    output wire [SUM-1:0]       sum,
    input  wire                 clear,
    input  wire [NEURON-1:0]    clear_neuron,
    input  wire                 wipe,
    input  wire [W_SUMS-1:0]    wipe_at
);
    // Lane 0 has the lowest bits
    wire [LANES*WEIGHT-1:0] word;
    snnc_memory #(.WIDTH(LANES * WEIGHT), .DEPTH(WEIGHTS), .FILE({FOLDER, "weights.hex"})) weights (
        .clk(clk), .read(run), .read_address(run_weight), .read_data(word),
        .write(1'b0), .write_address({W_WEIGHTS{1'b0}}), .write_data({(LANES*WEIGHT){1'b0}}));

    reg weighed = 1'b0, added = 1'b0;
    always @(posedge clk) begin
        weighed <= run;
        added <= weighed;
    end
    assign busy = run || weighed || added;

    function [W_SUMS-1:0] address(input [NEURON-1:0] number, input is_upper);
        address = PARTS != 0 ? {is_upper, {(W_SUMS-1){1'b0}}} | number : number;
    endfunction

    // A constant times a number: shifts and sums, so that no multiplier is spent on it
    function [NEURON-1:0] multiple(input integer constant, input [NEURON-1:0] number);
        integer b;
        begin
            multiple = {NEURON{1'b0}};
            for (b = 0; b < 5; b = b + 1) if (constant[b]) multiple = multiple + (number << b);
        end
    endfunction

    reg [SUM-1:0] part;
    always @(posedge clk) if (part_get) part <= $unsigned($signed(sum) >>> right);

    wire [SUM-1:0] total [0:LANES];
    assign total[0] = {SUM{1'b0}};
    assign sum = total[LANES];

    genvar l;
    generate
        for (l = 0; l < LANES; l = l + 1) begin : lane
            reg [NEURON-1:0] offset, weighed_target, added_target;
            reg weighs = 1'b0, adds = 1'b0;
            always @(posedge clk) begin
                offset <= multiple(l, stride);
                weighs <= run && (!run_ends || l <= lanes);
                weighed_target <= l == 0 ? run_target : run_target + offset;
                adds <= weighs;
                added_target <= weighed_target;
            end

            reg [PRODUCT-1:0] product;
            wire signed [WEIGHT-1:0] weight = word[l*WEIGHT +: WEIGHT];
            wire signed [PRODUCT-1:0] factor = weight;
            if (PAYLOAD > 1) begin : graded
                wire signed [PRODUCT-1:0] times = $signed(payload);
                always @(posedge clk) product <= carries ? factor * times : factor;
            end else begin : binary
                always @(posedge clk) product <= factor;
            end

            // A part, rounded, is added in lane 0
            wire takes_part = l == 0 && part_add;
            wire [SUM-1:0] here;
            wire signed [SUM-1:0] product_extended = $signed(product);
            wire [SUM-1:0] given = clear || wipe || part_clear ? {SUM{1'b0}}
                                 : here + (takes_part ? part : product_extended);
            wire [W_SUMS-1:0] to = wipe ? wipe_at
                                 : clear ? address(clear_neuron, 1'b0)
                                 : part_add || part_clear ? address(neuron, part_clear)
                                 : address(added_target, upper);
            wire [W_SUMS-1:0] at = weighed ? address(weighed_target, upper) : address(neuron, part_read);
            snnc_memory #(.WIDTH(SUM), .DEPTH(SUMS)) sums (
                .clk(clk), .read(weighs || part_read || part_get || read), .read_address(at), .read_data(here),
                .write(adds || clear || wipe || takes_part || part_clear), .write_address(to), .write_data(given));
            assign total[l+1] = total[l] + here;
        end
    endgenerate
endmodule
