from passes.facts import *
