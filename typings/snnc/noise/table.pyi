from compiler.noise.table import *
