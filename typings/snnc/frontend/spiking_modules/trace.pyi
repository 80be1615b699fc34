from compiler.frontend.spiking_modules.trace import *
