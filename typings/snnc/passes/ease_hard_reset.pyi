from passes.ease_hard_reset import *
