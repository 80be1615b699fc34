from backends.loihi1.registers import *
