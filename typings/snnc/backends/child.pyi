from backends.child import *
