from backends.base import *
