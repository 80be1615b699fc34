from compiler.report.reproduce import *
