from compiler.frontend.operations.signs import *
