from compiler.frontend.operations.arithmetic import *
