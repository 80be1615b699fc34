from backends.installing import *
