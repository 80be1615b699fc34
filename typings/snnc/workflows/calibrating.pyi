from compiler.workflows.calibrating import *
