from compiler.frontend.spiking_modules.spikingjelly import *
