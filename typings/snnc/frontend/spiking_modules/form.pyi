from compiler.frontend.spiking_modules.form import *
