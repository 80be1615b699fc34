from compiler.sweep import *
