from compiler.__main__ import *
