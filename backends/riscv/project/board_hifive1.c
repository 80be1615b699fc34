/* SiFive HiFive1 Rev B: UART 0, which the board shows as a serial port over USB (registers: SiFive
   FE310-G002 Manual, chapters 6, 17 and 18). The chip runs on the board's 16 MHz crystal, without its PLL. */

#include <stdint.h>

#include "board.h"
#include "stop.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define PRCI_HFXOSCCFG REGISTER(0x10008004u)
#define PRCI_PLLCFG REGISTER(0x10008008u)
#define GPIO_IOF_EN REGISTER(0x10012038u)
#define GPIO_IOF_SEL REGISTER(0x1001203cu)
#define UART_TXDATA REGISTER(0x10013000u)
#define UART_RXDATA REGISTER(0x10013004u)
#define UART_TXCTRL REGISTER(0x10013008u)
#define UART_RXCTRL REGISTER(0x1001300cu)
#define UART_DIV REGISTER(0x10013018u)

#define CLOCK 16000000u /* Hz */
#define BAUD 115200u
#define EMPTY 0x80000000u /* nothing was received; of TXDATA: no room */

void board_start(void)
{
    PRCI_HFXOSCCFG |= 1u << 30; /* the crystal's oscillator */
    while ((PRCI_HFXOSCCFG & 1u << 31) == 0) {
    }
    PRCI_PLLCFG |= 1u << 18 | 1u << 17; /* past the PLL, from the crystal */
    PRCI_PLLCFG |= 1u << 16;            /* for the core */
    GPIO_IOF_SEL &= ~(3u << 16);        /* pins 16 and 17 are UART 0 */
    GPIO_IOF_EN |= 3u << 16;
    UART_DIV = (CLOCK + BAUD / 2) / BAUD - 1;
    UART_TXCTRL |= 1u;
    UART_RXCTRL |= 1u;
}

int board_read(void)
{
    uint32_t found;
    do
        found = UART_RXDATA;
    while ((found & EMPTY) != 0);
    return (int)(found & 0xffu);
}

void board_write(int byte)
{
    while ((UART_TXDATA & EMPTY) != 0) {
    }
    UART_TXDATA = (uint32_t)byte;
}
