from compiler.stages import *
