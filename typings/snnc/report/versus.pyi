from compiler.report.versus import *
