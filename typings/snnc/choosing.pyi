from compiler.choosing import *
