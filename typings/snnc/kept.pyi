from compiler.kept import *
