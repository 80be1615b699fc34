from compiler.workflows.lattice import *
