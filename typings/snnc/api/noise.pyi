from compiler.api.noise import *
