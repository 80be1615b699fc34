"""Archives of ``torch.export`` as files: the zip, the tensors, and the exported program as read."""
