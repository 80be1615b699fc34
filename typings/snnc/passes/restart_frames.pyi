from passes.restart_frames import *
