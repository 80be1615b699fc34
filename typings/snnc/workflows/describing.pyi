from compiler.workflows.describing import *
