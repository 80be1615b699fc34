"""What conversion does to small networks that nobody tuned for it, shown by training and compiling them."""
