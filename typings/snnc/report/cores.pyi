from compiler.report.cores import *
