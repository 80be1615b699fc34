// What arrives at the neurons of one population in one step: weights, times payloads where spikes carry
// any, added up in a memory. A connection a cycle, three stages: weight, product, sum.

module snnc_sums #(
    parameter FOLDER = "",
    parameter WEIGHTS = 2, SUMS = 2,
    parameter NEURON = 4, WEIGHT = 8, PAYLOAD = 1, PRODUCT = 8, SUM = 16,
    parameter PARTS = 0,            // sums that are rounded down one by one, in the memory's upper half
    parameter W_WEIGHTS = $clog2(WEIGHTS), W_SUMS = $clog2(SUMS)
) (
    input  wire                 clk,
    // One connection
    input  wire                 run,
    input  wire [W_WEIGHTS-1:0] run_weight,
    input  wire [NEURON-1:0]    run_target,
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
    wire [WEIGHT-1:0] weight;
    snnc_memory #(.WIDTH(WEIGHT), .DEPTH(WEIGHTS), .FILE({FOLDER, "weights.hex"})) weights (
        .clk(clk), .read(run), .read_address(run_weight), .read_data(weight),
        .write(1'b0), .write_address({W_WEIGHTS{1'b0}}), .write_data({WEIGHT{1'b0}}));

    reg [PRODUCT-1:0] product;
    wire signed [PRODUCT-1:0] factor = $signed(weight);
    generate
        if (PAYLOAD > 1) begin : graded
            wire signed [PRODUCT-1:0] times = $signed(payload);
            always @(posedge clk) product <= carries ? factor * times : factor;
        end else begin : binary
            always @(posedge clk) product <= factor;
        end
    endgenerate

    reg weighed = 1'b0, added = 1'b0;
    reg [NEURON-1:0] weighed_target, added_target;
    always @(posedge clk) begin
        weighed <= run;
        weighed_target <= run_target;
        added <= weighed;
        added_target <= weighed_target;
    end
    assign busy = run || weighed || added;

    function [W_SUMS-1:0] address(input [NEURON-1:0] number, input is_upper);
        address = PARTS != 0 ? {is_upper, {(W_SUMS-1){1'b0}}} | number : number;
    endfunction

    reg [SUM-1:0] part;
    always @(posedge clk) if (part_get) part <= $unsigned($signed(sum) >>> right);

    wire signed [SUM-1:0] product_extended = $signed(product);
    wire [SUM-1:0] given = clear || wipe || part_clear ? {SUM{1'b0}} : sum + (part_add ? part : product_extended);
    wire [W_SUMS-1:0] to = wipe ? wipe_at
                         : clear ? address(clear_neuron, 1'b0)
                         : part_add || part_clear ? address(neuron, part_clear)
                         : address(added_target, upper);
    wire [W_SUMS-1:0] at = weighed ? address(weighed_target, upper) : address(neuron, part_read);
    snnc_memory #(.WIDTH(SUM), .DEPTH(SUMS)) sums (
        .clk(clk), .read(weighed || part_read || part_get || read), .read_address(at), .read_data(sum),
        .write(added || clear || wipe || part_add || part_clear), .write_address(to), .write_data(given));
endmodule
