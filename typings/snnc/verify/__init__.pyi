from compiler.verify import *
