from compiler.files import *
