// A memory with one port to read and one to write, as block RAMs have them.
//
// Reading takes one cycle; `read` low keeps what was read last. A cycle never reads and writes the same
// word: block RAMs do not say what is read then, and simulators check that it does not happen.

module snnc_memory #(
    parameter WIDTH = 8,
    parameter DEPTH = 2,
    parameter FILE = "",            // contents at the start, for $readmemh; "" for none
    parameter STYLE = "auto",
    parameter ADDRESS = $clog2(DEPTH)
) (
    input  wire               clk,
    input  wire               read,
    input  wire [ADDRESS-1:0] read_address,
    output reg  [WIDTH-1:0]   read_data,
    input  wire               write,
    input  wire [ADDRESS-1:0] write_address,
    input  wire [WIDTH-1:0]   write_data
);
    (* no_rw_check, ram_style = STYLE *)
    reg [WIDTH-1:0] words [0:DEPTH-1];

    initial if (FILE != "") $readmemh(FILE, words);

    always @(posedge clk) begin
        if (read) read_data <= words[read_address];
        if (write) words[write_address] <= write_data;
    end

`ifndef SYNTHESIS
    always @(posedge clk)
        if (read && write && read_address == write_address) begin
            $display("error: a word of %m is read and written in one cycle");
            $finish;
        end
`endif
endmodule
