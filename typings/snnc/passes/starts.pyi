from passes.starts import *
