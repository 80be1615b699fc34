from compiler.workflows.kept import *
