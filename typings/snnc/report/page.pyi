from compiler.report.page import *
