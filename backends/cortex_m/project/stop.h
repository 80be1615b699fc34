/* board_stop: the same for all boards. */

#ifndef STOP_H
#define STOP_H

#include "board.h"

void board_stop(void)
{
#ifdef STOP_QEMU
    /* Semihosting's SYS_EXIT, "the application ended" (Arm, Semihosting for AArch32 and AArch64). Without
       a debugger it would be a fault on a board, so that only `make run` builds it in. */
    register int operation __asm("r0") = 0x18;
    register int reason __asm("r1") = 0x20026;
    __asm volatile("bkpt 0xab" : : "r"(operation), "r"(reason) : "memory");
#endif
    for (;;) {
    }
}

#endif
