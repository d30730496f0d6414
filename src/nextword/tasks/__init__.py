"""Tasks that label text with recurrent encoders. Knows nothing of the command line."""
