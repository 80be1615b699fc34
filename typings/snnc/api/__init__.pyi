from compiler.api import *
