from compiler.workflows.comparing import *
