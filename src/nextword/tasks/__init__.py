"""Tasks beyond language modeling."""
