from backends.xylo.xylosim_script import *
