from compiler.encodings import *
