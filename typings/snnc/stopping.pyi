from compiler.stopping import *
