from compiler.frontend.spiking_modules.building import *
