"""What is copied into a bundle for Akida: it runs without snnc, in an environment of its own."""
