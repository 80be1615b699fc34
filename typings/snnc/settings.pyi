from compiler.settings import *
