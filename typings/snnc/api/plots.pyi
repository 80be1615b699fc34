from compiler.api.plots import *
