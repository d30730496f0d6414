"""Applications of recurrent encoders: tagging, classification and others on the same foundation.

The folders: `encoding` contains the encoder from words to vectors, `running` a training run of any
task, `metrics` the scores of labels, `tagging` the tagger.
"""
