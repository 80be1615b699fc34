from compiler.frontend.operations.pooling import *
