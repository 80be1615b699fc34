from compiler.frontend.netx import *
