from compiler.frontend.spiking_modules.snntorch import *
