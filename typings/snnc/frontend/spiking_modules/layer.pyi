from compiler.frontend.spiking_modules.layer import *
