from compiler.frontend.operations.pooling_order import *
