from compiler.frontend.operations.memory import *
