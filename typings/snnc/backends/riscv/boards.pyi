from backends.riscv.boards import *
