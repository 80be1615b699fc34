from passes.choose_code import *
