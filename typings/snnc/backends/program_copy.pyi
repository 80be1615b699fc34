from backends.program_copy import *
