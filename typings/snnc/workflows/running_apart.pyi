from compiler.workflows.running_apart import *
