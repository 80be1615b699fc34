// The network on a board with nothing but a clock and a serial port: 8 data bits, no parity, 1 stop bit.
//
// To the board: each beat of the network's input as its bytes, lowest first, with one byte before them: 0,
// or 1 for tlast. From the board: each beat of the output in the same way. The network takes a beat in far
// less time than a byte lasts, but for the beat that ends a step: before the next one the host waits for the
// byte 2, which says that the step is over. A beat that comes too early sets `error`, as does one that
// the network refuses.

module snnc_uart #(
    parameter FOLDER = "memories/",
    parameter DIVIDER = 104,        // cycles of the clock a bit: clock / baud
    parameter INPUT_BYTES = 2, OUTPUT_BYTES = 5
) (
    input  wire clk,
    input  wire rx,
    output wire tx,
    output wire error
);
    // Out of reset once the clock runs
    reg [3:0] waking = 4'd0;
    wire aresetn = &waking;
    always @(posedge clk) if (!aresetn) waking <= waking + 1'b1;

    wire s_ready, m_valid, m_last, refused;
    reg s_valid = 1'b0, s_last;
    reg [8*INPUT_BYTES-1:0] s_data;
    wire [8*OUTPUT_BYTES-1:0] m_data;
    wire m_ready;
    snnc_network #(.FOLDER(FOLDER)) network (
        .aclk(clk), .aresetn(aresetn),
        .s_axis_tvalid(s_valid), .s_axis_tready(s_ready), .s_axis_tdata(s_data), .s_axis_tlast(s_last),
        .m_axis_tvalid(m_valid), .m_axis_tready(m_ready), .m_axis_tdata(m_data), .m_axis_tlast(m_last),
        .error(refused), .trace_valid(), .trace_population(), .trace_neuron(), .trace_spike(),
        .trace_potential());

    // ---- Bytes in: sampled in the middle of each bit ---------------------------------------------

    localparam COUNT = $clog2(DIVIDER + DIVIDER / 2 + 1);
    reg [2:0] line = 3'b111;
    always @(posedge clk) line <= {line[1:0], rx};
    reg [COUNT-1:0] rx_count;
    reg [3:0] rx_bits = 4'd0;       // left of this byte, its stop bit included
    reg [7:0] rx_byte;
    reg rx_done = 1'b0;
    always @(posedge clk) begin
        rx_done <= 1'b0;
        if (rx_bits == 0) begin
            rx_count <= DIVIDER + DIVIDER / 2 - 1;
            if (line[2] && !line[1]) rx_bits <= 4'd9;
        end else if (rx_count != 0) rx_count <= rx_count - 1'b1;
        else begin
            rx_count <= DIVIDER - 1;
            rx_bits <= rx_bits - 1'b1;
            if (rx_bits != 1) rx_byte <= {line[2], rx_byte[7:1]};
            else rx_done <= line[2];
        end
    end

    // ---- Beats in ----------------------------------------------------------------------------------

    reg [$clog2(INPUT_BYTES+1)-1:0] in_left = 0;
    reg early = 1'b0, stepping = 1'b0, step_over = 1'b0;
    wire step_told;
    always @(posedge clk) begin
        if (s_valid && s_ready) begin
            s_valid <= 1'b0;
            stepping <= s_last;
        end
        // Ready again after a step, or after the start
        if (stepping && s_ready && !s_valid) begin
            stepping <= 1'b0;
            step_over <= 1'b1;
        end
        if (step_told) step_over <= 1'b0;
        if (rx_done) begin
            if (s_valid || stepping) early <= 1'b1;
            else if (in_left == 0) begin
                s_last <= rx_byte[0];
                in_left <= INPUT_BYTES;
            end else begin
                s_data <= {rx_byte, s_data} >> 8;
                in_left <= in_left - 1'b1;
                if (in_left == 1) s_valid <= 1'b1;
            end
        end
        if (!aresetn) begin
            s_valid <= 1'b0;
            in_left <= 0;
            stepping <= 1'b0;
            step_over <= 1'b0;
        end
    end
    assign error = early || refused;

    // ---- Beats and ends of steps out ---------------------------------------------------------------

    reg [8*OUTPUT_BYTES+7:0] out;
    reg [$clog2(OUTPUT_BYTES+2)-1:0] out_left = 0;
    reg [3:0] tx_bits = 4'd0;
    reg [COUNT-1:0] tx_count;
    reg [8:0] tx_shift = 9'h1ff;
    wire tx_idle = tx_bits == 0;
    wire free = out_left == 0 && tx_idle;
    assign m_ready = free;
    // What the network says of a step goes before the step's end.
    assign step_told = free && !m_valid && step_over;
    always @(posedge clk) begin
        if (free && m_valid) begin
            out <= {m_data, 7'd0, m_last};
            out_left <= OUTPUT_BYTES + 1;
        end else if (step_told) begin
            out[7:0] <= 8'd2;
            out_left <= 1;
        end
        if (!tx_idle) begin
            if (tx_count != 0) tx_count <= tx_count - 1'b1;
            else begin
                tx_count <= DIVIDER - 1;
                tx_bits <= tx_bits - 1'b1;
                tx_shift <= {1'b1, tx_shift[8:1]};
            end
        end else if (out_left != 0) begin
            tx_shift <= {out[7:0], 1'b0};
            tx_bits <= 4'd10;
            tx_count <= DIVIDER - 1;
            out <= out >> 8;
            out_left <= out_left - 1'b1;
        end
    end
    assign tx = tx_shift[0];
endmodule
