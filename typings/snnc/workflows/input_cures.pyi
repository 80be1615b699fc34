from compiler.workflows.input_cures import *
