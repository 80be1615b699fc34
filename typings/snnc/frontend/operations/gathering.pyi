from compiler.frontend.operations.gathering import *
