from backends.environments import *
