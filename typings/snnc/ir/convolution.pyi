from compiler.ir.convolution import *
