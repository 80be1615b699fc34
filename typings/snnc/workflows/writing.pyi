from compiler.workflows.writing import *
