from compiler.workflows.changes import *
