from compiler.progress import *
