from compiler.report.gather import *
