from compiler.frontend.spiking_modules.norse import *
