/* A Cortex-M in QEMU: calls to the host (Arm, Semihosting for AArch32 and AArch64), and SysTick for a clock. */

#ifndef COUNTING_H
#define COUNTING_H

#include <stdint.h>

static int32_t call(int32_t operation, const void *arguments)
{
    register int32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = arguments;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

/* SysTick counts down from 2^24 - 1 and is set up to interrupt at each turn. */
#define SYST_CSR (*(volatile uint32_t *)0xe000e010u)
#define SYST_RVR (*(volatile uint32_t *)0xe000e014u)
#define SYST_CVR (*(volatile uint32_t *)0xe000e018u)
#define TURN 0x1000000u

static volatile uint32_t turns;

void SysTick_Handler(void);
void SysTick_Handler(void)
{
    ++turns;
}

static uint32_t ticks(void)
{
    uint32_t before, left;
    do {
        before = turns;
        left = SYST_CVR;
    } while (before != turns);
    return before * TURN + (TURN - 1 - left);
}

static void counting_begins(void)
{
    SYST_RVR = TURN - 1;
    SYST_CVR = 0;
    SYST_CSR = 7;
}

#endif
