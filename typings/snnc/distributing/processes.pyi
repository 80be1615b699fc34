from compiler.distributing.processes import *
