from compiler.recordings import *
