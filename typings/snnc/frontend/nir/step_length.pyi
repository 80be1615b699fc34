from compiler.frontend.nir.step_length import *
