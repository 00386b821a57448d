"""From waveform to what a network sees: front ends, statistics, normalisation, and the store that keeps them."""
