from compiler.frontend.spiking_modules.marking import *
