from compiler.frontend.exported import *
