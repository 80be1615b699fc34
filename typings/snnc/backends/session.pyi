from backends.session import *
