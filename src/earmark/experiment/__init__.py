"""One run from sounds to scorecard: configuration, run, baseline, run folder."""
