from compiler.workflows import *
