from passes.activation_ranges import *
