from passes.settled_bias import *
