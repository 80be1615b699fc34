from compiler.workflows.run import *
