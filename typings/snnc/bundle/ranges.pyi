from compiler.bundle.ranges import *
