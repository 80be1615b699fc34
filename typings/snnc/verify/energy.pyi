from compiler.verify.energy import *
