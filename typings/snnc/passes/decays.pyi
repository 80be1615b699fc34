from passes.decays import *
