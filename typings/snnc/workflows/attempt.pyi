from compiler.workflows.attempt import *
