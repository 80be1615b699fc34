from passes.finite import *
