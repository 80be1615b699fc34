from compiler.report.mesh import *
