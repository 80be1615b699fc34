"""Spoken digits on Loihi and on Xylo, by recording number and by speaker."""
