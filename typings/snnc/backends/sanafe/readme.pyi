from backends.sanafe.readme import *
