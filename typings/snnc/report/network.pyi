from compiler.report.network import *
