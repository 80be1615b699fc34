from compiler.bundle.data import *
