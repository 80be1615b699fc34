from compiler.frontend.spiking_modules import *
