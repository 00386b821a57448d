"""Ten synthetic genres in GTZAN's shape, made in code from a seed: the data of the demonstration."""
