from compiler.frontend.netx.weights import *
