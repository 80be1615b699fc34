from compiler.ladder import *
