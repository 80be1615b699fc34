from compiler.report.figures import *
