from compiler.results import *
