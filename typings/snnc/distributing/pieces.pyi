from compiler.distributing.pieces import *
