from compiler.files.names import *
