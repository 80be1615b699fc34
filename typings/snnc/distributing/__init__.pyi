from compiler.distributing import *
