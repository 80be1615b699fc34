from compiler.frontend.spiking_modules.answers import *
