from compiler.frontend.netx.sigma_delta import *
