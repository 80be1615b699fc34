from compiler.claimed import *
