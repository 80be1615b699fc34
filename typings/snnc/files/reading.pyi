from compiler.files.reading import *
