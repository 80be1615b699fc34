from backends.sanafe.target import *
