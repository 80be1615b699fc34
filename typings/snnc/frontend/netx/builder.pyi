from compiler.frontend.netx.builder import *
