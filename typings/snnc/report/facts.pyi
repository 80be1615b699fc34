from compiler.report.facts import *
