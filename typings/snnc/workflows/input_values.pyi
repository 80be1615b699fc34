from compiler.workflows.input_values import *
