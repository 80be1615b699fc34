"""From a folder of recordings to a verified bundle, in three commands: docs/recordings.md."""
