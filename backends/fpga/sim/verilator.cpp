// Runs a network that Verilator has translated: simulate INPUT OUTPUT.
//
// INPUT, 64-bit words: samples, steps, neurons of all populations but the input, the beat that restarts;
// then for each sample and step the number of beats and the beats, tlast in bit 63. OUTPUT: for each sample,
// step and neuron two 32-bit words, spike and potential; then a 64-bit word of cycles for each sample and
// step; then what m_axis sent, 64-bit words with tlast in bit 63.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "Vsnnc_network.h"
#include "verilated.h"

static VerilatedContext context;
static Vsnnc_network network(&context);
static std::vector<uint64_t> sent;
static std::vector<int32_t> traced;
static bool failed;

static int64_t extended(uint64_t value, int bits) {
    return static_cast<int64_t>(value << (64 - bits)) >> (64 - bits);
}

// One cycle; the beat of m_axis and the trace are those before the clock's edge.
static void cycle() {
    network.aclk = 0;
    network.eval();
    if (network.m_axis_tvalid && network.m_axis_tready)
        sent.push_back(network.m_axis_tdata | static_cast<uint64_t>(network.m_axis_tlast) << 63);
    if (network.trace_valid) {
        traced.push_back(static_cast<int32_t>(network.trace_spike));  // never below 0
        traced.push_back(static_cast<int32_t>(extended(network.trace_potential, POTENTIAL)));
    }
    network.aclk = 1;
    network.eval();
    failed = failed || context.gotFinish();
}

static uint64_t read_word(FILE *file) {
    uint64_t word = 0;
    if (fread(&word, sizeof word, 1, file) != 1) { fprintf(stderr, "the input ends early\n"); exit(2); }
    return word;
}

// Offers a beat until it is taken; returns the cycles that this took.
static uint64_t give(uint64_t beat) {
    uint64_t cycles = 0;
    network.s_axis_tvalid = 1;
    network.s_axis_tdata = beat & ~(1ULL << 63);
    network.s_axis_tlast = beat >> 63;
    for (bool taken = false; !taken && !failed; ++cycles) {
        network.aclk = 0;
        network.eval();
        taken = network.s_axis_tready;
        cycle();
    }
    network.s_axis_tvalid = 0;
    return cycles;
}

// Cycles until the network takes input again.
static uint64_t settle() {
    uint64_t cycles = 0;
    for (;; ++cycles) {
        network.aclk = 0;
        network.eval();
        if (network.s_axis_tready || failed) return cycles;
        cycle();
    }
}

int main(int, char **arguments) {
    FILE *input = fopen(arguments[1], "rb"), *output = fopen(arguments[2], "wb");
    if (!input || !output) { fprintf(stderr, "cannot open the files\n"); return 2; }
    const uint64_t samples = read_word(input), steps = read_word(input), neurons = read_word(input);
    const uint64_t restart = read_word(input);
    std::vector<uint64_t> cycles;
    network.m_axis_tready = 1;
    network.aresetn = 0;
    for (int i = 0; i < 4; ++i) cycle();
    network.aresetn = 1;
    settle();
    for (uint64_t sample = 0; sample < samples; ++sample) {
        if (sample) { give(restart); settle(); }
        for (uint64_t step = 0; step < steps && !failed; ++step) {
            uint64_t taken = 0;
            for (uint64_t beats = read_word(input); beats; --beats) taken += give(read_word(input));
            taken += settle();
            cycles.push_back(taken);
            if (traced.size() != neurons * 2) failed = true;
            fwrite(traced.data(), 4, traced.size(), output);
            traced.clear();
        }
        if (failed) { fprintf(stderr, "the hardware lost step\n"); return 3; }
        printf("done %llu\n", static_cast<unsigned long long>(sample + 1));
        fflush(stdout);
    }
    if (network.error) { fprintf(stderr, "the hardware saw an error in its input\n"); return 4; }
    fwrite(cycles.data(), 8, cycles.size(), output);
    fwrite(sent.data(), 8, sent.size(), output);
    return fclose(output) == 0 ? 0 : 2;
}
