from compiler.frontend.pooling import *
