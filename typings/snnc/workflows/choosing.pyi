from compiler.workflows.choosing import *
