from compiler.bundle.output import *
