from compiler.report.paper_cores import *
