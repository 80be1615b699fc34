from compiler.workflows.warm_up import *
