from compiler.ranges import *
