from compiler.rollouts import *
