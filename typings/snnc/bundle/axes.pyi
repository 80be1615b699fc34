from compiler.bundle.axes import *
