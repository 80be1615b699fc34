from passes.relays import *
