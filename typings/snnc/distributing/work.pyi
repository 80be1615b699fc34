from compiler.distributing.work import *
