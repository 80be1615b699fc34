from compiler.report import *
