from compiler.comparing import *
