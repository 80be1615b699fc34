from compiler.files.enclosing import *
