from compiler.report.paper import *
