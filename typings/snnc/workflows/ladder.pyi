from compiler.workflows.ladder import *
