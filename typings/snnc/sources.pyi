from compiler.sources import *
