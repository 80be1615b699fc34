from compiler.api.bundle import *
