from compiler.frontend.spiking_modules.load import *
