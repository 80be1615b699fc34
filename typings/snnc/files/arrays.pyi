from compiler.files.arrays import *
