from passes.lone_weights import *
