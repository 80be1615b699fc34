from compiler.verify.potentials import *
