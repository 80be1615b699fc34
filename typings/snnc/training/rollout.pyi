from compiler.training.rollout import *
