from compiler.workflows.results_file import *
