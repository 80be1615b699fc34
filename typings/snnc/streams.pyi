from compiler.streams import *
