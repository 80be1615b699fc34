from compiler.frontend.spiking_modules.fold import *
