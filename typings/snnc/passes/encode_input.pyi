from passes.encode_input import *
