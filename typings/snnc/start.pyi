from compiler.start import *
