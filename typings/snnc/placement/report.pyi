from compiler.placement.report import *
