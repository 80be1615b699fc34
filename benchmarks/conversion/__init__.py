"""What conversion does to small networks that nobody tuned for it: trained, compiled and run."""
