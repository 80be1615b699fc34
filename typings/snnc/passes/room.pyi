from passes.room import *
