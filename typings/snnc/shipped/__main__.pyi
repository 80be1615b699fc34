from compiler.shipped.__main__ import *
