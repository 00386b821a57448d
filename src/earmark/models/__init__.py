"""Networks, one family a module, and the graph that joins a front end, a network and its calibration."""
