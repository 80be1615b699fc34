from compiler.workflows.integers import *
