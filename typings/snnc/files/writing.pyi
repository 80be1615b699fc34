from compiler.files.writing import *
