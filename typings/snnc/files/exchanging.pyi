from compiler.files.exchanging import *
