"""The networks of the papers that snnc's methods are from, untrained, as the authors' code has them.

::

    from samples.papers import castagnetti, fischer, rathi

    fischer.build("cifar-dsr4")                      # a snnc.Rollout
    fischer.build("cifar-dsr4", sequential=True)     # a FrameNetwork
    rathi.build("vgg16")                             # a FrameNetwork, one frame an image
    castagnetti.build()                              # a torch.nn.Sequential

Each module says what differs from the code that it is taken from.
"""
