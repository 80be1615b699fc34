from compiler.frontend.netx.load import *
