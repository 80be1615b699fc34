from passes.base import *
