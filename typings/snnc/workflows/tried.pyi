from compiler.workflows.tried import *
