from compiler.noise.report import *
