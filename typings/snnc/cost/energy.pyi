from compiler.cost.energy import *
