"""Networks that spike already, in discrete time: what the readers of NIR and of modules share."""
