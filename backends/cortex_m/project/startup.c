/* Vector table and start of a Cortex-M: initial values into RAM, zeros behind them, then main. */

#include <stdint.h>

extern uint32_t __stack_top, __data_load, __data_start, __data_end, __bss_start, __bss_end;

int main(void);
void Reset_Handler(void);
void Default_Handler(void);

/* A project that uses an exception defines its handler; all others stop in Default_Handler. */
#define HANDLER(name) void name(void) __attribute__((weak, alias("Default_Handler")))
HANDLER(NMI_Handler);
HANDLER(HardFault_Handler);
HANDLER(MemManage_Handler);
HANDLER(BusFault_Handler);
HANDLER(UsageFault_Handler);
HANDLER(SVC_Handler);
HANDLER(DebugMon_Handler);
HANDLER(PendSV_Handler);
HANDLER(SysTick_Handler);

typedef void (*vector)(void);

/* The core's 16 entries (ARMv7-M, B1.5.2). Interrupts of the board's devices are never enabled. */
const vector vectors[16] __attribute__((section(".vectors"), used)) = {
    (vector)&__stack_top,
    Reset_Handler,
    NMI_Handler,
    HardFault_Handler,
    MemManage_Handler,
    BusFault_Handler,
    UsageFault_Handler,
    0,
    0,
    0,
    0,
    SVC_Handler,
    DebugMon_Handler,
    0,
    PendSV_Handler,
    SysTick_Handler,
};

void Reset_Handler(void)
{
    const uint32_t *from = &__data_load;
    uint32_t *to;
    for (to = &__data_start; to < &__data_end; ++to)
        *to = *from++;
    for (to = &__bss_start; to < &__bss_end; ++to)
        *to = 0;
    (void)main();
    for (;;) {
    }
}

void Default_Handler(void)
{
    for (;;) {
    }
}
