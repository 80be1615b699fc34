from compiler.workflows.populations import *
