"""Methods of training, one a file: ``base`` is what a method is, ``registry`` finds it by name."""
