from compiler.frontend.operations.max_pooling import *
