from compiler.frontend.spiking_modules.steps import *
