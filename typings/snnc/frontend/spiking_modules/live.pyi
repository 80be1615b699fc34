from compiler.frontend.spiking_modules.live import *
