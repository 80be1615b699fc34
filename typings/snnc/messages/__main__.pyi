from compiler.messages.__main__ import *
