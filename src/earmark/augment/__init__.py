"""Variations of sounds, spectrograms and pictures, for training: pure functions of an array and a `Generator`.

What goes in is a batch, float32, time last; what comes out is a new array of the same shape, and what went in stays as
it was. Item by item, a change depends on the generator and the item alone, but for what mixes pairs.
"""
