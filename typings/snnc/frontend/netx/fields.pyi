from compiler.frontend.netx.fields import *
