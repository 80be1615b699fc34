from compiler.authoring.rollout import *
