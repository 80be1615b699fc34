/* What a program needs of a board: a serial line. */

#ifndef BOARD_H
#define BOARD_H

/* The serial line, 115200 baud, 8 bits, no parity, 1 stop bit. To be called first. */
void board_start(void);

/* The next byte that arrives; waits for it. */
int board_read(void);

/* Sends a byte; waits while the line is busy. */
void board_write(int byte);

/* The end of a program. In QEMU it ends, on a board nothing happens any more. */
void board_stop(void);

#endif
