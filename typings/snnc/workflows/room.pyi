from compiler.workflows.room import *
