from backends.riscv import *
