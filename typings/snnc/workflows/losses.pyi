from compiler.workflows.losses import *
