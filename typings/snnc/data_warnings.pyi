from compiler.data_warnings import *
