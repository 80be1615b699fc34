from compiler.verify.summed import *
