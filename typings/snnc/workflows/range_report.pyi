from compiler.workflows.range_report import *
