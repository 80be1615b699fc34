from compiler.workflows.given_data import *
