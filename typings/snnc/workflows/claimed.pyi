from compiler.workflows.claimed import *
