"""Files of ``torch.save``, read without executing anything in them."""
