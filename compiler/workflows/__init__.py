"""What users ask for, from input to result: compile, verify, the ladder. They know every part."""
