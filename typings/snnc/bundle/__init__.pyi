from compiler.bundle import *
