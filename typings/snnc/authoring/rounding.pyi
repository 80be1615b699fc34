from compiler.authoring.rounding import *
