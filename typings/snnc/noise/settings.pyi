from compiler.noise.settings import *
