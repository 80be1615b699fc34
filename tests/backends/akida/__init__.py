"""The target akida."""
