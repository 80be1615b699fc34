from passes.correct_rates import *
