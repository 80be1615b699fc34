/* board_stop: the same for all boards. */

#ifndef STOP_H
#define STOP_H

#include "board.h"

#ifdef STOP_QEMU
/* Semihosting's SYS_EXIT, "the application ended" (RISC-V Semihosting; Arm, Semihosting for AArch32 and
   AArch64). Without a debugger it would be a fault on a board, so that only `make run` builds it in. */
__attribute__((naked, noinline, aligned(32))) static void end_of_qemu(void)
{
    __asm volatile("li a0, 0x18\nli a1, 0x20026\n"
                   ".option push\n.option norvc\n"
                   "slli x0, x0, 0x1f\nebreak\nsrai x0, x0, 7\n"
                   ".option pop\nret\n");
}
#endif

void board_stop(void)
{
#ifdef STOP_QEMU
    end_of_qemu();
#endif
    for (;;) {
    }
}

#endif
