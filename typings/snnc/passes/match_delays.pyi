from passes.match_delays import *
