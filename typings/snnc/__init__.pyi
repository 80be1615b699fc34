from compiler import *
