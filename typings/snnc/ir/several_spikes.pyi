from compiler.ir.several_spikes import *
