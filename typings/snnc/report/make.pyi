from compiler.report.make import *
