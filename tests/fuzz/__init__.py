"""Damaged and malicious files of every kind, one process a case: ``python -m tests.fuzz --help``.

What is promised of such files, and what was found: ``docs/reliability.md``.
"""
