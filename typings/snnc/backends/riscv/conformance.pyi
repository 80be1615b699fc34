from backends.riscv.conformance import *
