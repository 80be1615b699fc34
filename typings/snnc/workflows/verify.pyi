from compiler.workflows.verify import *
