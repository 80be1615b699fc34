from compiler.rollouts.pattern import *
