from compiler.files.pictures import *
