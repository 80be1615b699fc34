from compiler.workflows.comparing_apart import *
