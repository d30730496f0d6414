"""Tasks with labels: taggers and classifiers on recurrent encoders, and their metrics."""
