from compiler.verify.ranges import *
