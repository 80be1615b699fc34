from compiler.workflows.placed import *
