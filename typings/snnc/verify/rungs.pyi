from compiler.verify.rungs import *
