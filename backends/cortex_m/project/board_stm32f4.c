/* Nucleo-F411RE: USART 2 on PA2 and PA3, which the board's ST-LINK shows as a serial port over USB (ST
   UM1724, section 6.8; registers: ST RM0383). The chip runs on its 16 MHz oscillator, as after a reset. */

#include <stdint.h>

#include "board.h"
#include "stop.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define RCC_AHB1ENR REGISTER(0x40023830u)
#define RCC_APB1ENR REGISTER(0x40023840u)
#define GPIOA_MODER REGISTER(0x40020000u)
#define GPIOA_AFRL REGISTER(0x40020020u)
#define USART2_SR REGISTER(0x40004400u)
#define USART2_DR REGISTER(0x40004404u)
#define USART2_BRR REGISTER(0x40004408u)
#define USART2_CR1 REGISTER(0x4000440cu)

#define CLOCK 16000000u /* Hz */
#define BAUD 115200u

void board_start(void)
{
    RCC_AHB1ENR |= 1u;                                                /* GPIO A */
    RCC_APB1ENR |= 1u << 17;                                          /* USART 2 */
    GPIOA_MODER = (GPIOA_MODER & ~(0xfu << 4)) | 0xau << 4;           /* PA2, PA3: alternate function */
    GPIOA_AFRL = (GPIOA_AFRL & ~(0xffu << 8)) | 0x77u << 8;           /* number 7 */
    USART2_BRR = (CLOCK + BAUD / 2) / BAUD;
    USART2_CR1 = 1u << 13 | 1u << 3 | 1u << 2;                        /* on, send, receive */
}

int board_read(void)
{
    while ((USART2_SR & 1u << 5) == 0) {
    }
    return (int)(USART2_DR & 0xffu);
}

void board_write(int byte)
{
    while ((USART2_SR & 1u << 7) == 0) {
    }
    USART2_DR = (uint32_t)byte;
}
