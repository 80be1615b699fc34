from compiler.choices import *
