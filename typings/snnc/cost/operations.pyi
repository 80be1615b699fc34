from compiler.cost.operations import *
