from compiler.workflows.variation import *
