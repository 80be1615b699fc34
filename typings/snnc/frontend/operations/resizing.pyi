from compiler.frontend.operations.resizing import *
