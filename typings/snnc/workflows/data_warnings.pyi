from compiler.workflows.data_warnings import *
