from compiler.workflows.sources import *
