from backends.loihi.sigma_delta import *
