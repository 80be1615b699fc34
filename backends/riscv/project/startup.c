/* Start of a RISC-V core: stack, initial values into RAM, zeros behind them, then main. */

#include <stdint.h>

extern uint32_t __data_load, __data_start, __data_end, __bss_start, __bss_end;

int main(void);
void _start(void);

/* Where the board's loader jumps to: the linker script puts it first. */
__attribute__((naked, used, section(".vectors"))) void _start(void)
{
    __asm volatile(".option push\n"
                   ".option norelax\n"
                   "la gp, __global_pointer$\n"
                   ".option pop\n"
                   "la sp, __stack_top\n"
                   "j started\n");
}

__attribute__((used)) static void started(void)
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
