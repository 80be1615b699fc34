from compiler.distributing.place import *
