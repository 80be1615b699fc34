from backends.registry import *
