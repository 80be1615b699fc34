from compiler.workflows.checking import *
