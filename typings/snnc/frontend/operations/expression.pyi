from compiler.frontend.operations.expression import *
