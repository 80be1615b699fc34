from passes.common_levels import *
