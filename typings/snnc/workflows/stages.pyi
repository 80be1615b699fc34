from compiler.workflows.stages import *
