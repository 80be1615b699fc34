from compiler.frontend.spiking_modules.recognise import *
