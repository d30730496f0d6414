"""Applications of recurrent encoders: tagging, classification and others on the same foundation.

The folders: `encoding` contains the encoder from words to vectors, `running` a training run of any
task, `decoding` what writes texts and searches for them, `metrics` the scores of labels, `tagging`
the tagger, `classification` the text classifier, `transduction` the sequence-to-sequence model,
`reading` the reader, and `embedding` the vectors of texts.
"""
