from compiler.calibrating import *
