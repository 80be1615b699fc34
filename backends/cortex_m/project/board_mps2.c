/* Arm MPS2 and MPS2+ FPGA boards: UART 0 of the CMSDK (Arm DDI 0479D, section 4.2; Arm DAI 0385D). */

#include <stdint.h>

#include "board.h"
#include "stop.h"

#define UART0 0x40004000u
#define DATA (*(volatile uint32_t *)(UART0 + 0x00u))
#define STATE (*(volatile uint32_t *)(UART0 + 0x04u))
#define CTRL (*(volatile uint32_t *)(UART0 + 0x08u))
#define BAUDDIV (*(volatile uint32_t *)(UART0 + 0x10u))

#define CLOCK 25000000u /* Hz */
#define BAUD 115200u

void board_start(void)
{
    BAUDDIV = CLOCK / BAUD;
    CTRL = 3; /* send and receive */
}

int board_read(void)
{
    while ((STATE & 2u) == 0) {
    }
    return (int)(DATA & 0xffu);
}

void board_write(int byte)
{
    while ((STATE & 1u) != 0) {
    }
    DATA = (uint32_t)byte;
}
