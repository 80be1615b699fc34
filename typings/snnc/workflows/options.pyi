from compiler.workflows.options import *
