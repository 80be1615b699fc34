from compiler.frontend.netx.neurons import *
