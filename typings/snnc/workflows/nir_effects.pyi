from compiler.workflows.nir_effects import *
