from compiler.frontend.spiking_modules.sinabs import *
