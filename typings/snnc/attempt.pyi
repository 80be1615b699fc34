from compiler.attempt import *
