from compiler.pictures import *
