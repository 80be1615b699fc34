// A spiking network, one neuron at a time, and LANES connections of a spike.
//
// A time step: the input's spikes are taken from the stream s until its last beat; then each population
// hears (one addition for each connection whose source sent a spike, LANES a cycle) and is updated (one
// neuron a cycle).
// Spikes are kept in rings of slots, one slot a step, so that a connection with a delay reads an older
// slot. What the network is stands in memories, whose words are described in snnc's docs/fpga.md.

module snnc_core #(
    parameter FOLDER = "",          // of the memories' contents: "", or with a / at its end
    parameter LANES = 1,            // connections that are added up in one cycle
    // Words of the memories
    parameter POPULATIONS = 2, PROJECTIONS = 2, WEIGHTS = 2, TAPS = 2, PLACES = 2,
    parameter EVENTS = 2, SUMS = 2, STATES = 2, CONSTANTS = 2,
    // Widths in bits
    parameter NEURON = 4,           // number of a neuron in its population
    parameter PAYLOAD = 1,          // of a spike, sign included; 1: spikes carry nothing
    parameter WEIGHT = 8, PRODUCT = 8,
    parameter SUM = 16,             // what arrives in a step, in units of its population
    parameter CURRENT = 24, POTENTIAL = 24, TOTAL = 24, BIAS = 1, LEVEL = 1, TIMER = 2,
    parameter CHANNEL = 1, ROW = 1, COLUMN = 1,
    parameter TAP_SHIFT = 0,        // a row or column of pixels has 2^TAP_SHIFT taps
    // What neurons and connections there are
    parameter PARTS = 0,            // sums that are rounded down one by one
    parameter CURRENT_DECAYS = 0, POTENTIAL_DECAYS = 0, WRAPS = 0, SATURATES = 0,
    parameter EXACT = 0,            // neurons that count thresholds
    parameter WAITS = 0,            // ... and send so many spikes, one a step
    parameter SPIKES = 0,           // 1: spikes of neurons go to the stream m, too
    // Answers: the readout's potentials after this step, and after every FRAME steps
    parameter FIRST_ANSWER = 1, FRAME = 1,
    // Widths that follow
    parameter POPULATION = $clog2(POPULATIONS), VALUE = POTENTIAL > PAYLOAD ? POTENTIAL : PAYLOAD,
    parameter INPUT_BITS = 2 + PAYLOAD + NEURON, OUTPUT_BITS = 2 + POPULATION + NEURON + VALUE
) (
    input  wire                   clk,
    input  wire                   rst,
    // Input: {restart, spike, payload, neuron}; the last beat ends the step, with or without a spike.
    // `restart` puts the network back to its start; nothing else of such a beat counts.
    input  wire                   s_valid,
    output wire                   s_ready,
    input  wire [INPUT_BITS-1:0]  s_data,
    input  wire                   s_last,
    // Output: {kind, population, neuron, value}; kind 0 a spike, 1 a potential, 2 the end of a step
    output reg                    m_valid,
    input  wire                   m_ready,
    output reg  [OUTPUT_BITS-1:0] m_data,
    output reg                    m_last,
    output reg                    error,   // the input had a neuron that is not there, or too many spikes
    // For simulators: each neuron's spike and potential, in every step
    output wire                   trace_valid,
    output wire [POPULATION-1:0]  trace_population,
    output wire [NEURON-1:0]      trace_neuron,
    output wire [PAYLOAD-1:0]     trace_spike,
    output wire [POTENTIAL-1:0]   trace_potential
);
    localparam W_WEIGHTS = $clog2(WEIGHTS), W_TAPS = $clog2(TAPS), W_PLACES = $clog2(PLACES);
    localparam W_EVENTS = $clog2(EVENTS), W_SUMS = $clog2(SUMS), W_STATES = $clog2(STATES);
    localparam W_CONSTANTS = $clog2(CONSTANTS), W_PROJECTIONS = $clog2(PROJECTIONS);

    // ---- What the network is -----------------------------------------------------------------------

    // Populations, the input first
    localparam POPULATION_WORD = 2 * NEURON + W_STATES + W_CONSTANTS + W_PROJECTIONS + 3 * W_EVENTS
                               + 6 * TIMER + 8 + 2 * 6 + 2 * 13 + LEVEL;
    (* ram_style = "logic", rom_style = "logic" *)
    reg [POPULATION_WORD-1:0] populations [0:POPULATIONS-1];
    initial $readmemh({FOLDER, "populations.hex"}, populations);
    reg [POPULATION-1:0] j;
    wire [NEURON-1:0] p_last;               // number of its last neuron
    wire [NEURON-1:0] p_share;              // neurons with the same constants, less 1
    wire [W_STATES-1:0] p_states;
    wire [W_CONSTANTS-1:0] p_constants;
    wire [W_PROJECTIONS-1:0] p_projections; // its first
    wire [W_EVENTS-1:0] p_ring, p_ring_end, p_slot;
    wire [TIMER-1:0] p_clear_first, p_clear_every, p_bias_first, p_bias_every, p_decide_first, p_decide_every;
    wire p_final, p_hears, p_readout, p_clears, p_strict, p_subtracts, p_exact, p_waits;
    wire [5:0] p_bits, p_shift;
    wire [12:0] p_keep_current, p_keep_potential;
    wire [LEVEL-1:0] p_levels;
    assign {p_last, p_share, p_states, p_constants, p_projections, p_ring, p_ring_end, p_slot,
            p_clear_first, p_clear_every, p_bias_first, p_bias_every, p_decide_first, p_decide_every,
            p_final, p_hears, p_readout, p_clears, p_strict, p_subtracts, p_exact, p_waits,
            p_bits, p_shift, p_keep_current, p_keep_potential, p_levels} = populations[j];

    // Projections, in the order of the populations that hear them
    localparam W_LANES = LANES > 1 ? $clog2(LANES) : 1;
    localparam PROJECTION_WORD = 3 + 2 + POPULATION + 3 * W_EVENTS + W_PLACES + 3 * W_TAPS + 2 * NEURON
                               + W_LANES + 6;
    (* ram_style = "logic", rom_style = "logic" *)
    reg [PROJECTION_WORD-1:0] projections [0:PROJECTIONS-1];
    initial $readmemh({FOLDER, "projections.hex"}, projections);
    reg [W_PROJECTIONS-1:0] q;
    wire q_final, q_carries, q_part;
    wire [1:0] q_kind;
    localparam [1:0] DENSE = 2'd0, SPARSE = 2'd1;
    wire [POPULATION-1:0] q_source;
    wire [W_EVENTS-1:0] q_back, q_ring, q_span;
    wire [W_PLACES-1:0] q_places;
    wire [W_TAPS-1:0] q_channels, q_rows, q_columns;
    wire [NEURON-1:0] q_outputs, q_stride;  // words of weights in a run, less 1; distance between targets
    wire [W_LANES-1:0] q_lanes;             // weights in a run's last word, less 1
    wire [5:0] q_right;
    assign {q_final, q_carries, q_part, q_kind, q_source, q_back, q_ring, q_span, q_places,
            q_channels, q_rows, q_columns, q_outputs, q_stride, q_lanes, q_right} = projections[q];

    // ---- State -------------------------------------------------------------------------------------

    localparam [4:0] BEGIN = 0, BEGIN_READ = 1, BEGIN_WRITE = 2, BEGIN_RING = 3, BEGIN_SUMS = 4,
        ACCEPT = 5, ACCEPTED = 6, POPULATE = 7, PROJECT = 8, EVENT = 9, EVENT_GOT = 10, PLACE_GOT = 11,
        CHANNEL_GOT = 12, ROW_GOT = 13, COLUMN_GOT = 14, RUN = 15, DRAIN = 16, PART_READ = 17, PART_GET = 18,
        PART_ADD = 19, PART_CLEAR = 20, UPDATE = 21, EVENT_LOOK = 22, TURN = 23, TELL = 24, PLACE_LOOK = 25;
    reg [4:0] state = BEGIN;

    // Where this step's slot of each population begins
    (* ram_style = "logic" *) reg [W_EVENTS-1:0] slots [0:POPULATIONS-1];
    // Steps until a population is cleared, gets its bias, decides
    (* ram_style = "logic" *) reg [TIMER-1:0] clear_in [0:POPULATIONS-1];
    (* ram_style = "logic" *) reg [TIMER-1:0] bias_in [0:POPULATIONS-1];
    (* ram_style = "logic" *) reg [TIMER-1:0] decide_in [0:POPULATIONS-1];
    localparam ANSWER = $clog2(FIRST_ANSWER + FRAME + 1);
    reg [ANSWER-1:0] answer_in;
    wire answers = answer_in == 0;
    reg clears, biased, decides;
    reg [W_EVENTS-1:0] ring;                // where the next spike is written
    reg [NEURON:0] room;                    // spikes that this slot still takes
    reg [W_SUMS-1:0] wiped;
    reg [NEURON-1:0] part_neuron;

    // ---- Spikes ------------------------------------------------------------------------------------

    // {end, payload where spikes carry any, neuron}
    localparam EVENT_WORD = PAYLOAD > 1 ? 1 + PAYLOAD + NEURON : 1 + NEURON;
    wire [EVENT_WORD-1:0] event_word;
    reg event_write = 1'b0;
    reg [W_EVENTS-1:0] event_at, event_to;
    reg [EVENT_WORD-1:0] event_given;
    wire run_ends, event_read;
    snnc_memory #(.WIDTH(EVENT_WORD), .DEPTH(EVENTS)) events (
        .clk(clk), .read(event_read), .read_address(event_at), .read_data(event_word),
        .write(event_write), .write_address(event_to), .write_data(event_given));
    wire event_end = event_word[EVENT_WORD-1];
    reg [NEURON-1:0] event_neuron;
    localparam [EVENT_WORD-1:0] NO_EVENT = {1'b1, {(EVENT_WORD-1){1'b0}}};

    function [EVENT_WORD-1:0] packed_event(input [PAYLOAD-1:0] number, input [NEURON-1:0] neuron);
        packed_event = PAYLOAD > 1 ? {number, neuron} : neuron;
    endfunction

    // ---- From a spike to its connections -----------------------------------------------------------

    // A source that is a pixel: {channel, row, column}; a row of a sparse matrix: its first tap
    localparam PIXEL = CHANNEL + ROW + COLUMN, PLACE = PIXEL > W_TAPS ? PIXEL : W_TAPS;
    wire [PLACE-1:0] place;
    wire [W_PLACES-1:0] place_at = q_places + event_neuron;
    snnc_memory #(.WIDTH(PLACE), .DEPTH(PLACES), .FILE({FOLDER, "places.hex"})) places (
        .clk(clk), .read(state == EVENT_LOOK), .read_address(place_at), .read_data(place),
        .write(1'b0), .write_address({W_PLACES{1'b0}}), .write_data({PLACE{1'b0}}));
    wire [W_TAPS-1:0] place_row = place[COLUMN +: ROW], place_column = place[COLUMN-1:0];
    reg [CHANNEL-1:0] place_channel;

    // {none, last, weight, target}: what a channel, a row or a column adds to the numbers of the first
    // weight and of the first target of a run
    localparam TAP = 2 + W_WEIGHTS + NEURON;
    wire [TAP-1:0] tap;
    reg [W_TAPS-1:0] tap_at, row_at, column_at, first_column;
    reg tap_read;
    snnc_memory #(.WIDTH(TAP), .DEPTH(TAPS), .FILE({FOLDER, "taps.hex"})) taps (
        .clk(clk), .read(tap_read), .read_address(tap_at), .read_data(tap),
        .write(1'b0), .write_address({W_TAPS{1'b0}}), .write_data({TAP{1'b0}}));
    wire tap_none, tap_last;
    wire [W_WEIGHTS-1:0] tap_weight;
    wire [NEURON-1:0] tap_target;
    assign {tap_none, tap_last, tap_weight, tap_target} = tap;

    reg [PAYLOAD-1:0] payload;
    reg [W_WEIGHTS-1:0] channel_weight, row_weight, run_weight;
    reg [NEURON-1:0] channel_target, row_target, run_target, outputs_left;
    reg row_last, column_last;
    reg [NEURON-1:0] run_step;              // from a word's first target to the next word's
    // LANES times the distance: shifts and sums, so that no multiplier is spent on it
    function [NEURON-1:0] over_lanes(input [NEURON-1:0] distance);
        integer b;
        begin
            over_lanes = {NEURON{1'b0}};
            for (b = 0; b < 5; b = b + 1) if (LANES[b]) over_lanes = over_lanes + (distance << b);
        end
    endfunction
    always @(posedge clk) run_step <= over_lanes(q_stride);
    assign run_ends = state == RUN && outputs_left == 0;
    assign event_read = state == EVENT || (run_ends && column_last && row_last)
                      || (state == ROW_GOT && tap_none) || (state == COLUMN_GOT && tap_none && row_last);

    always @* begin
        tap_read = 1'b0;
        tap_at = column_at;
        case (state)
            EVENT_LOOK: begin tap_read = q_kind == DENSE; tap_at = q_channels + event_neuron; end
            PLACE_GOT: begin tap_read = q_kind == SPARSE; tap_at = place[W_TAPS-1:0]; end
            PLACE_LOOK: begin tap_read = 1'b1; tap_at = q_channels + place_channel; end
            CHANNEL_GOT: begin tap_read = q_kind != DENSE; tap_at = row_at; end
            ROW_GOT: begin tap_read = !tap_none; tap_at = first_column; end
            COLUMN_GOT: begin tap_read = tap_none && !row_last; tap_at = row_at; end
            RUN: begin tap_read = run_ends && !(column_last && row_last); tap_at = column_last ? row_at : column_at; end
            default: ;
        endcase
    end

    // ---- Sums and neurons --------------------------------------------------------------------------

    wire summing, update_reads, update_clears, update_last, update_idle, update_ready;
    wire [NEURON-1:0] update_neuron, clear_neuron, number;
    wire [SUM-1:0] sum;
    wire parting = state == PART_READ || state == PART_GET || state == PART_ADD || state == PART_CLEAR;
    snnc_sums #(.FOLDER(FOLDER), .LANES(LANES), .WEIGHTS(WEIGHTS), .SUMS(SUMS), .NEURON(NEURON), .WEIGHT(WEIGHT),
        .PAYLOAD(PAYLOAD), .PRODUCT(PRODUCT), .SUM(SUM), .PARTS(PARTS)) sums (
        .clk(clk), .run(state == RUN), .run_ends(run_ends), .lanes(q_lanes), .run_weight(run_weight),
        .run_target(run_target), .stride(q_stride), .payload(payload), .carries(q_carries), .upper(q_part), .busy(summing),
        .part_read(state == PART_READ), .part_get(state == PART_GET), .part_add(state == PART_ADD),
        .part_clear(state == PART_CLEAR), .right(q_right),
        .read(update_reads), .neuron(parting ? part_neuron : update_neuron), .sum(sum),
        .clear(update_clears), .clear_neuron(clear_neuron), .wipe(state == BEGIN_SUMS), .wipe_at(wiped));

    wire leaves, sends;
    wire [PAYLOAD-1:0] spike;
    wire [POTENTIAL-1:0] keeps;
    wire tells = (p_readout && answers) || (SPIKES != 0 && sends);
    snnc_update #(.FOLDER(FOLDER), .STATES(STATES), .CONSTANTS(CONSTANTS), .NEURON(NEURON), .PAYLOAD(PAYLOAD),
        .SUM(SUM), .CURRENT(CURRENT), .POTENTIAL(POTENTIAL), .TOTAL(TOTAL), .BIAS(BIAS), .LEVEL(LEVEL),
        .CURRENT_DECAYS(CURRENT_DECAYS), .POTENTIAL_DECAYS(POTENTIAL_DECAYS), .WRAPS(WRAPS),
        .SATURATES(SATURATES), .EXACT(EXACT), .WAITS(WAITS)) update (
        .clk(clk), .rst(rst), .p_states(p_states), .p_constants(p_constants), .p_last(p_last), .p_share(p_share),
        .p_readout(p_readout), .p_strict(p_strict), .p_subtracts(p_subtracts), .p_exact(p_exact),
        .p_waits(p_waits), .p_bits(p_bits), .p_shift(p_shift), .p_keep_current(p_keep_current),
        .p_keep_potential(p_keep_potential), .p_levels(p_levels),
        .clears(clears), .biased(biased), .decides(decides),
        .point(state == BEGIN || state == POPULATE), .go(state == UPDATE),
        .begin_read(state == BEGIN_READ), .begin_write(state == BEGIN_WRITE),
        .at_last(update_last), .idle(update_idle),
        .read(update_reads), .neuron(update_neuron), .sum(sum), .clear(update_clears), .clear_neuron(clear_neuron),
        .blocked(tells && m_valid && !m_ready), .ready(update_ready), .leaves(leaves), .number(number),
        .sends(sends), .spike(spike), .keeps(keeps));
    assign trace_valid = leaves;
    assign trace_population = j;
    assign trace_neuron = number;
    assign trace_spike = spike;
    assign trace_potential = keeps;
    wire [VALUE-1:0] spike_value = spike;
    wire signed [POTENTIAL-1:0] potential_number = keeps;
    wire signed [VALUE-1:0] potential_value = potential_number;

    // ---- The sequencer -----------------------------------------------------------------------------

    wire s_restart, s_spike;
    wire [PAYLOAD-1:0] s_payload;
    wire [NEURON-1:0] s_neuron;
    assign {s_restart, s_spike, s_payload, s_neuron} = s_data;
    assign s_ready = state == ACCEPT;
    wire s_counts = s_spike && (PAYLOAD == 1 || s_payload != 0);
    wire [W_EVENTS-1:0] slot_read = slots[q_source];
    wire [W_EVENTS-1:0] slot = slots[j];
    wire [W_EVENTS-1:0] next_slot = slot + p_slot;

    always @(posedge clk) begin
        event_write <= 1'b0;
        if (event_read) event_at <= event_at + 1'b1;
        if (m_ready) m_valid <= 1'b0;
        case (state)
            // All populations: rings empty, timers and potentials at their start; then no sums
            BEGIN: begin
                slots[j] <= p_ring;
                clear_in[j] <= p_clear_first;
                bias_in[j] <= p_bias_first;
                decide_in[j] <= p_decide_first;
                ring <= p_ring;
                wiped <= {W_SUMS{1'b0}};
                answer_in <= FIRST_ANSWER - 1;
                state <= j == 0 ? BEGIN_RING : BEGIN_READ;
            end
            BEGIN_READ: state <= BEGIN_WRITE;
            BEGIN_WRITE: state <= !update_last ? BEGIN_READ : p_readout ? BEGIN_SUMS : BEGIN_RING;
            BEGIN_RING: begin
                event_write <= 1'b1;
                event_to <= ring;
                event_given <= NO_EVENT;
                ring <= ring + p_slot;
                if (ring + p_slot == p_ring_end) state <= BEGIN_SUMS;
            end
            BEGIN_SUMS: begin
                wiped <= wiped + 1'b1;
                if (!p_final) begin
                    j <= j + 1'b1;
                    state <= BEGIN;
                end else if (wiped == SUMS - 1) begin
                    j <= {POPULATION{1'b0}};
                    state <= TELL;
                end
            end

            ACCEPT: if (s_valid) begin
                if (s_restart) begin
                    j <= {POPULATION{1'b0}};
                    state <= BEGIN;
                end else begin
                    if (s_counts && s_neuron <= p_last && room != 0) begin
                        event_write <= 1'b1;
                        event_to <= ring;
                        event_given <= packed_event(s_payload, s_neuron);
                        ring <= ring + 1'b1;
                        room <= room - 1'b1;
                    end else if (s_counts) error <= 1'b1;
                    if (s_last) state <= ACCEPTED;
                end
            end
            ACCEPTED: begin
                event_write <= 1'b1;
                event_to <= ring;
                event_given <= NO_EVENT;
                j <= 1;
                state <= POPULATE;
            end

            POPULATE: begin
                clears <= p_clears && clear_in[j] == 0;
                biased <= bias_in[j] == 0;
                decides <= decide_in[j] == 0;
                clear_in[j] <= clear_in[j] == 0 ? p_clear_every : clear_in[j] - 1'b1;
                bias_in[j] <= bias_in[j] == 0 ? p_bias_every : bias_in[j] - 1'b1;
                decide_in[j] <= decide_in[j] == 0 ? p_decide_every : decide_in[j] - 1'b1;
                q <= p_projections;
                ring <= slot;
                state <= p_hears ? PROJECT : UPDATE;
            end
            PROJECT: begin
                event_at <= slot_read - q_ring < q_back ? slot_read + q_span - q_back : slot_read - q_back;
                state <= EVENT;
            end
            EVENT: state <= EVENT_GOT;
            EVENT_GOT: begin
                if (PAYLOAD > 1) payload <= event_word[NEURON +: PAYLOAD];
                event_neuron <= event_word[NEURON-1:0];
                state <= event_end ? DRAIN : EVENT_LOOK;
            end
            EVENT_LOOK: state <= q_kind == DENSE ? CHANNEL_GOT : PLACE_GOT;
            PLACE_GOT: begin
                row_at <= q_rows + (place_row << TAP_SHIFT);
                first_column <= q_columns + (place_column << TAP_SHIFT);
                column_at <= place[W_TAPS-1:0] + 1'b1;
                row_weight <= {W_WEIGHTS{1'b0}};
                row_target <= {NEURON{1'b0}};
                row_last <= 1'b1;
                place_channel <= place[ROW + COLUMN +: CHANNEL];
                state <= q_kind == SPARSE ? COLUMN_GOT : PLACE_LOOK;
            end
            PLACE_LOOK: state <= CHANNEL_GOT;
            CHANNEL_GOT: begin
                channel_weight <= tap_weight;
                channel_target <= tap_target;
                run_weight <= tap_weight;
                run_target <= tap_target;
                outputs_left <= q_outputs;
                row_last <= 1'b1;
                column_last <= 1'b1;
                row_at <= row_at + 1'b1;
                state <= q_kind == DENSE ? RUN : ROW_GOT;
            end
            ROW_GOT: begin
                row_weight <= channel_weight + tap_weight;
                row_target <= channel_target + tap_target;
                row_last <= tap_last;
                column_at <= first_column + 1'b1;
                state <= tap_none ? EVENT_GOT : COLUMN_GOT;
            end
            COLUMN_GOT: begin
                run_weight <= row_weight + tap_weight;
                run_target <= row_target + tap_target;
                outputs_left <= q_outputs;
                column_last <= tap_last;
                if (tap_none && !row_last) row_at <= row_at + 1'b1;
                state <= !tap_none ? RUN : row_last ? EVENT_GOT : ROW_GOT;
            end
            RUN: begin
                run_weight <= run_weight + 1'b1;
                run_target <= run_target + run_step;
                outputs_left <= outputs_left - 1'b1;
                if (run_ends) begin
                    if (!column_last) column_at <= column_at + 1'b1;
                    else if (!row_last) row_at <= row_at + 1'b1;
                    state <= !column_last ? COLUMN_GOT : !row_last ? ROW_GOT : EVENT_GOT;
                end
            end
            DRAIN: if (!summing) begin
                part_neuron <= {NEURON{1'b0}};
                if (PARTS != 0 && q_part) state <= PART_READ;
                else begin
                    q <= q + 1'b1;
                    state <= q_final ? UPDATE : PROJECT;
                end
            end
            PART_READ: state <= PART_GET;
            PART_GET: state <= PART_ADD;
            PART_ADD: state <= PART_CLEAR;
            PART_CLEAR: begin
                part_neuron <= part_neuron + 1'b1;
                if (part_neuron != p_last) state <= PART_READ;
                else begin
                    q <= q + 1'b1;
                    state <= q_final ? UPDATE : PROJECT;
                end
            end

            UPDATE: if (update_idle) begin
                event_write <= !p_readout;
                event_to <= ring;
                event_given <= NO_EVENT;
                j <= p_final ? {POPULATION{1'b0}} : j + 1'b1;
                state <= p_final ? TURN : POPULATE;
            end
            // A step is over: every ring turns by a slot
            TURN: begin
                slots[j] <= next_slot == p_ring_end ? p_ring : next_slot;
                j <= p_final ? {POPULATION{1'b0}} : j + 1'b1;
                if (p_final) begin
                    if (answers || SPIKES != 0) begin
                        if (!m_valid || m_ready) begin
                            m_valid <= 1'b1;
                            m_last <= 1'b1;
                            m_data <= {2'd2, {(OUTPUT_BITS-2){1'b0}}};
                        end else begin
                            slots[j] <= slot;
                            j <= j;
                        end
                    end
                    if (!(answers || SPIKES != 0) || !m_valid || m_ready) begin
                        answer_in <= answers ? FRAME - 1 : answer_in - 1'b1;
                        state <= TELL;
                    end
                end
            end
            // The next step's input goes into the slot that is next
            TELL: begin
                ring <= slot;
                room <= p_last + 1'b1;
                state <= ACCEPT;
            end
            default: state <= BEGIN;
        endcase
        if (leaves && sends) begin
            event_write <= 1'b1;
            event_to <= ring;
            event_given <= packed_event(spike, number);
            ring <= ring + 1'b1;
        end
        if (leaves && tells) begin
            m_valid <= 1'b1;
            m_last <= 1'b0;
            m_data <= p_readout ? {2'd1, j, number, potential_value} : {2'd0, j, number, spike_value};
        end
        if (rst) begin
            state <= BEGIN;
            j <= {POPULATION{1'b0}};
            error <= 1'b0;
            m_valid <= 1'b0;
            event_write <= 1'b0;
        end
    end
endmodule
