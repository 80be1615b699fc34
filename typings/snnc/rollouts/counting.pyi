from compiler.rollouts.counting import *
