/* QEMU's machine virt: a 16550A UART (QEMU, docs/system/riscv/virt.rst). */

#include <stdint.h>

#include "board.h"
#include "stop.h"

#define UART 0x10000000u
#define DATA (*(volatile uint8_t *)(UART + 0u))
#define LINE_STATUS (*(volatile uint8_t *)(UART + 5u))

void board_start(void)
{
    /* QEMU's line has no speed. */
}

int board_read(void)
{
    while ((LINE_STATUS & 1u) == 0) {
    }
    return DATA;
}

void board_write(int byte)
{
    while ((LINE_STATUS & 0x20u) == 0) {
    }
    DATA = (uint8_t)byte;
}
