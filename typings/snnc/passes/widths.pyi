from passes.widths import *
