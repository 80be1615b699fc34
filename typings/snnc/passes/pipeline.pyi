from passes.pipeline import *
