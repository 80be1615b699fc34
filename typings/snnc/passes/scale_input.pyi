from passes.scale_input import *
