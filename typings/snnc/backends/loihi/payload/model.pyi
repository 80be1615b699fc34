from backends.loihi.payload.model import *
