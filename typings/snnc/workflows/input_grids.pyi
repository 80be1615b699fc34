from compiler.workflows.input_grids import *
