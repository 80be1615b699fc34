"""Recordings of event cameras and microphones, and frames of whole event counts made of them."""
