from compiler.frontend.operations.last_activation import *
