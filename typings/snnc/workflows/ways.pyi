from compiler.workflows.ways import *
