from compiler.report.options import *
