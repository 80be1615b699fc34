"""What conversion does to small networks that nobody tuned for it: docs/conversion.md."""
