from compiler.report.notes import *
