from compiler.workflows.compile import *
