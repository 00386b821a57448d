"""Bundles on disk, and the predictor that answers with named probabilities. Free of training code."""
