from passes.sums import *
