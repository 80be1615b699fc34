/* The integer operations of snnc's docs/numerics.md in C99, without a step that is undefined or left to
   the compiler: sums wrap in unsigned numbers, negative numbers are never shifted or converted blindly. */

#ifndef NETWORK_ARITHMETIC_H
#define NETWORK_ARITHMETIC_H

#include <stdint.h>

/* What a register of 32 bits in two's complement keeps. */
static inline int32_t network_signed(uint32_t bits)
{
    return bits <= (uint32_t)INT32_MAX ? (int32_t)bits : -(int32_t)(UINT32_MAX - bits) - 1;
}

/* x / 2^shift, rounded down. */
static inline int32_t network_shift_right(int32_t x, int shift)
{
    return x >= 0 ? x >> shift : -1 - ((-1 - x) >> shift);
}

/* state * kept / 4096, rounded towards zero, as C99 divides. */
static inline int32_t network_decayed(int32_t state, int32_t kept)
{
    return (int32_t)((int64_t)state * kept / 4096);
}

/* A current of so many bits wraps once: +2^(bits-1) stays, an overflow beyond one period is kept. */
static inline int32_t network_wrapped(int32_t current, int bits)
{
    const int64_t limit = INT64_C(1) << (bits - 1);
    int64_t kept = current;
    if (kept > limit)
        kept -= 2 * limit;
    else if (kept <= -limit)
        kept += 2 * limit;
    return network_signed((uint32_t)kept);
}

/* A potential stays within +-limit. */
static inline int32_t network_saturated(int32_t potential, int32_t limit)
{
    return potential > limit ? limit : potential < -limit ? -limit : potential;
}

/* How many thresholds are in a potential, 0 to most. */
static inline int32_t network_levels(int32_t potential, int32_t threshold, int32_t most)
{
    const int32_t whole = potential < 0 ? 0 : potential / threshold;
    return whole < most ? whole : most;
}

/* The number of the lowest bit that is set; one is. */
static inline int32_t network_lowest(uint32_t word)
{
#ifdef __GNUC__
    return (int32_t)__builtin_ctz(word);
#else
    int32_t number = 0;
    for (; (word & 1u) == 0; word >>= 1)
        ++number;
    return number;
#endif
}

#endif
