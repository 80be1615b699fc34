from passes.grid_search import *
