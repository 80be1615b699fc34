from compiler.frontend.spiking_modules.recurrence import *
