from compiler.frontend.spiking_modules.repeats import *
