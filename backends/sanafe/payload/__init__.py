"""What a bundle for SANA-FE brings along; it imports SANA-FE and nothing of snnc."""
